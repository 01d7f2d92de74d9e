import type { Server } from 'node:net';

/**
 * Puts a method of its own on this one server object, in front of the one it has; the returned function takes it off again.
 * Where somebody wrapped it over in the meantime it must stay in their chain, so a replacement has to be able to pass through.
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
