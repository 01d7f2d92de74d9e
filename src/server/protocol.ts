import type { Server } from 'node:net';

/** The protocol of a server: `h2` is HTTP/2 over TLS, `h2c` HTTP/2 in the clear, `tcp` anything but HTTP. */
export type Protocol = 'http' | 'https' | 'h2c' | 'h2' | 'tcp';

/** Detected by the server's methods, because `instanceof` would load node:http2 into processes that never use it. */
export function protocolOf(server: Server): Protocol {
  const secure = 'setSecureContext' in server;
  if ('updateSettings' in server) return secure ? 'h2' : 'h2c';
  if ('closeIdleConnections' in server) return secure ? 'https' : 'http';
  return 'tcp';
}
