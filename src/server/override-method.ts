import type { Server } from 'node:net';

/** A server with the methods of HTTP/1 that end connections. */
export interface HostServer extends Server {
  closeIdleConnections?(): void;
  closeAllConnections?(): void;
}

/**
 * Replaces a method on this one object, and does nothing where it has none; the returned function restores it. When
 * other code has wrapped the replacement meanwhile, it must stay in that chain, so a replacement must be able to pass
 * calls through.
 */
export function overrideMethod<T extends object, K extends keyof T>(
  target: T,
  method: K,
  replace: (original: NonNullable<T[K]>) => T[K],
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, method);
  const original = target[method];
  if (original === undefined || original === null) return () => undefined;
  const replacement = replace(original);
  Object.defineProperty(target, method, {
    value: replacement,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => {
    if (target[method] !== replacement) return;
    if (own === undefined) Reflect.deleteProperty(target, method);
    else Object.defineProperty(target, method, own);
  };
}
