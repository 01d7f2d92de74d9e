import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** A TCP proxy that can forget its connections, as a firewall does: they stay open, and carry nothing ever again. */
export class HalfOpenProxy {
  readonly #server: Server;
  readonly #open = new Set<{ client: Socket; upstream: Socket }>();
  readonly #forgotten = new Set<Socket>();

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const upstream = connect(target, '127.0.0.1');
      const pair = { client, upstream };
      this.#open.add(pair);
      client.pipe(upstream);
      upstream.pipe(client);
      const end = () => {
        if (!this.#open.delete(pair)) return;
        client.destroy();
        upstream.destroy();
      };
      for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    });
  }

  static async start(target: number): Promise<HalfOpenProxy> {
    const proxy = new HalfOpenProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Those that are open and not forgotten. */
  get connections(): number {
    return this.#open.size;
  }

  /** New connections work. */
  forget(): void {
    for (const pair of this.#open) {
      this.#open.delete(pair);
      pair.client.unpipe(pair.upstream);
      pair.client.resume();
      pair.upstream.destroy();
      this.#forgotten.add(pair.client);
    }
  }

  close(): void {
    this.#server.close();
    for (const { client, upstream } of this.#open) {
      client.destroy();
      upstream.destroy();
    }
    for (const client of this.#forgotten) client.destroy();
  }
}
