import type { Socket } from 'node:net';

/**
 * The file descriptor of an established connection; undefined for TLS, whose bytes only its own stream understands, and
 * on Windows, where sockets have none.
 */
export function descriptorOf(socket: Socket): number | undefined {
  if ('encrypted' in socket) return undefined;
  // Node has no public name for it. Without this one, we write through the stream and read nothing.
  const { _handle: handle } = socket as { readonly _handle?: { readonly fd?: unknown } | null };
  return typeof handle?.fd === 'number' && handle.fd >= 0 ? handle.fd : undefined;
}
