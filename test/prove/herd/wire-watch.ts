import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';

type HttpSocket = Socket & { readonly _httpMessage?: ClientRequest | null };

/** Counts this process's own connections and the requests on them, at the sockets themselves: what waits in a pool is not on the wire. */
export class WireWatch {
  readonly #port: string;
  readonly #sockets = new Set<HttpSocket>();
  most = 0;
  connections = 0;

  constructor(url: string) {
    this.#port = new URL(url).port;
    subscribe('net.client.socket', (message) => {
      const { socket } = message as { socket: HttpSocket };
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  reset(): void {
    this.most = 0;
    this.connections = 0;
  }

  /** To be called often. */
  count(): void {
    const open = [...this.#sockets].filter(
      ({ readyState, remotePort }) => readyState === 'open' && String(remotePort) === this.#port,
    );
    const busy = open.filter(
      ({ _httpMessage: request }) =>
        request !== undefined && request !== null && !/[?&](hash|index)=/.test(request.path),
    );
    this.most = Math.max(this.most, busy.length);
    this.connections = Math.max(this.connections, open.length);
  }
}
