import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { SecureContextOptions, TlsOptions } from 'node:tls';

export interface TlsFront {
  readonly url: string;
  /** Connections that were accepted so far, and those that are open. */
  readonly accepted: number;
  readonly open: number;
  /** For connections from now on. */
  use(identity: SecureContextOptions): void;
  close(): Promise<void>;
}

/** TLS before a server that speaks plain HTTP on loopback. */
export async function startTlsFront(target: string, options: TlsOptions): Promise<TlsFront> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer(options, (socket) => {
    accepted += 1;
    sockets.add(socket);
    const inner = connect(Number(port), hostname);
    socket
      .on('error', () => inner.destroy())
      .on('close', () => {
        sockets.delete(socket);
        inner.destroy();
      });
    inner.on('error', () => socket.destroy());
    socket.pipe(inner).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get accepted() {
      return accepted;
    },
    get open() {
      return sockets.size;
    },
    use: (identity) => {
      server.setSecureContext(identity);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
