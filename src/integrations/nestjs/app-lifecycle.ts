import type { Server } from 'node:net';
import type { HttpAdapterHost } from '@nestjs/core';
import type { Registrar } from '../../registrar.js';
import { additionalServersOf } from '../fastify-servers.js';

/** A point that is reached once. */
class Milestone {
  reach: () => void = () => undefined;
  readonly reached = new Promise<void>((resolve) => {
    this.reach = resolve;
  });
}

type HttpAdapter = HttpAdapterHost['httpAdapter'];

/**
 * Ties a Registrar to the life of a Nest app. When Nest closes the app, the stop pauses between the drain and the close
 * of the server, which Nest then closes itself: its gateways end their WebSockets first.
 */
export class AppLifecycle {
  readonly #registrar: Registrar;
  readonly #host: HttpAdapterHost;
  readonly #drained = new Milestone();
  readonly #serverClosed = new Milestone();
  /** Set once Nest closes the app. */
  #stopped: Promise<void> | undefined;

  constructor(registrar: Registrar, host: HttpAdapterHost) {
    this.#registrar = registrar;
    this.#host = host;
  }

  /** Binds the server of the app, where it has one, and starts the Registrar in the background. */
  start(): void {
    // Typed as always there, but an application context and a microservice have none.
    const adapter = this.#host.httpAdapter as HttpAdapter | null | undefined;
    if (adapter) this.#bind(adapter);
    // Ignored: the `failed` event and the log report a failure, and the app keeps running.
    this.#registrar.start().catch(() => undefined);
  }

  /** Resolves when the instance is out of the registry and the traffic has gone. */
  async drain(): Promise<void> {
    this.#stopped ??= this.#registrar.stop('the app was closed');
    await Promise.race([this.#drained.reached, this.#stopped]);
  }

  /** Lets the stop go on after Nest has closed the server; resolves when it has ended. */
  async finish(): Promise<void> {
    this.#serverClosed.reach();
    await this.#stopped;
  }

  #bind(adapter: HttpAdapter): void {
    const server = adapter.getHttpServer() as Server;
    this.#registrar.bind(server, { close: () => this.#close(adapter) });
    this.#host.listen$.subscribe(() => {
      for (const other of additionalServersOf(adapter.getInstance<object>())) this.#registrar.bindAlso(other);
    });
  }

  async #close(adapter: HttpAdapter): Promise<void> {
    if (this.#stopped === undefined) {
      await adapter.close();
      return;
    }
    this.#drained.reach();
    await this.#serverClosed.reached;
  }
}
