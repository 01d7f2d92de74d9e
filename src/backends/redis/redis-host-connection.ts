import { abortable } from '../../core/abort.js';
import { admitRequest } from '../../core/request-meter.js';
import type { RedisClient } from './redis-client.js';
import { commandsOf } from './redis-commands.js';
import type { RedisCommands } from './redis-commands.js';
import type { RedisConnection } from './redis-connection.js';
import { translated } from './redis-errors.js';
import type { RedisRequest } from './redis-errors.js';

/** A client that the host creates, connects and closes. */
export class HostConnection implements RedisConnection {
  readonly #client: RedisClient;
  readonly #shown: string;
  /** Aborts at `close()`, so that calls in flight send nothing more. */
  readonly #closeController = new AbortController();

  constructor(client: RedisClient, shown: string) {
    this.#client = client;
    this.#shown = shown;
  }

  async ask<T>(request: RedisRequest, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T> {
    await admitRequest(signal);
    signal.throwIfAborted();
    this.#closeController.signal.throwIfAborted();
    try {
      return await abortable(command(commandsOf(this.#client, signal)), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      throw translated(thrown, request, this.#shown);
    }
  }

  now(): RedisCommands {
    return commandsOf(this.#client, this.#closeController.signal);
  }

  close(): void {
    this.#closeController.abort();
  }
}
