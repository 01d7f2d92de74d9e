import type { Server } from 'node:net';

/** What a server speaks: `h2` is HTTP/2 over TLS, `h2c` HTTP/2 in the clear, `tcp` anything that is not HTTP. */
export type Protocol = 'http' | 'https' | 'h2c' | 'h2' | 'tcp';

/** Told from the methods a server has: `instanceof` would load node:http2 into processes that never use it. */
export function protocolOf(server: Server): Protocol {
  const secure = 'setSecureContext' in server;
  if ('updateSettings' in server) return secure ? 'h2' : 'h2c';
  if ('closeIdleConnections' in server) return secure ? 'https' : 'http';
  return 'tcp';
}
