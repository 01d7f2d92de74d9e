import type { Server } from 'node:net';

/**
 * Replaces a method on this one server object; the returned function restores it. When other code has wrapped the
 * replacement meanwhile, it must stay in that chain, so a replacement must be able to pass calls through.
 */
export function overrideMethod<K extends 'emit' | 'close'>(
  server: Server,
  method: K,
  replace: (original: Server[K]) => Server[K],
): () => void {
  const own = Object.getOwnPropertyDescriptor(server, method);
  const replacement = replace(server[method]);
  Object.defineProperty(server, method, {
    value: replacement,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => {
    if (server[method] !== replacement) return;
    if (own === undefined) Reflect.deleteProperty(server, method);
    else Object.defineProperty(server, method, own);
  };
}
