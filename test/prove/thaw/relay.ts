import { createServer, connect } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { once } from 'node:events';
import type { GivenUp } from './judge-thaw.js';

/** Passes bytes on to an agent, and decides what becomes of a connection there once its client has closed it. */
export class Relay {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** All that clients have sent. */
  #sent = '';

  private constructor(server: Server, port: number, givenUp: GivenUp) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (client) => {
      this.#pass(client, connect(port, '127.0.0.1'), givenUp);
    });
  }

  static async start(port: number, givenUp: GivenUp): Promise<Relay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Relay(server, port, givenUp);
  }

  /** How often this was sent since the last `forget()`. */
  count(pattern: RegExp): number {
    return [...this.#sent.matchAll(pattern)].length;
  }

  forget(): void {
    this.#sent = '';
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(client: Socket, agent: Socket, givenUp: GivenUp): void {
    for (const socket of [client, agent]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (bytes: Buffer) => {
      this.#sent += bytes.toString('latin1');
      agent.write(bytes);
    });
    agent.on('data', (bytes: Buffer) => client.write(bytes));
    agent.on('end', () => client.end());
    client.on('close', () => {
      if (givenUp === 'FIN') agent.end();
      if (givenUp === 'RST') agent.resetAndDestroy();
    });
  }
}
