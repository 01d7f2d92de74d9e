import { abortable } from '../../core/abort.js';
import type { RedisClient } from './redis-client.js';
import { commandsOf } from './redis-commands.js';
import type { RedisCommands } from './redis-commands.js';
import { isVerdict, translated } from './redis-errors.js';
import { openClient } from './redis-open.js';
import type { OwnClient } from './redis-open.js';
import type { RedisPlace, RedisTarget } from './redis-options.js';
import { masterOf } from './redis-sentinel.js';

/** Sends commands to Redis. */
export interface RedisConnection {
  /**
   * Runs `command`. Rejects with the signal's reason as soon as it aborts, with an error of ours when the command
   * fails, and always after `close()`.
   */
  ask<T>(operation: string, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T>;
  /** The commands of the open connection, which send at once; undefined while there is none. */
  now(): RedisCommands | undefined;
  close(): void;
}

export function connectionTo({ place, shown }: RedisTarget): RedisConnection {
  return place.kind === 'client' ? new HostConnection(place.client, shown) : new OwnConnection(place, shown);
}

/**
 * A connection of our own. The first command opens it, and the first command without an answer discards it. So
 * nothing is queued, nothing is sent twice, and no loop reconnects by itself.
 */
class OwnConnection implements RedisConnection {
  readonly #place: Exclude<RedisPlace, { kind: 'client' }>;
  readonly #shown: string;
  #session: Session | undefined;
  /** Aborts at `close()`, so that calls in flight send nothing more. */
  readonly #closeController = new AbortController();

  constructor(place: Exclude<RedisPlace, { kind: 'client' }>, shown: string) {
    this.#place = place;
    this.#shown = shown;
  }

  async ask<T>(operation: string, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#closeController.signal.throwIfAborted();
    const session = (this.#session ??= new Session(this.#place, (broken) => this.#drop(broken)));
    try {
      return await session.use((client) =>
        abortable(
          client.then((open) => command(commandsOf(open, signal))),
          signal,
        ),
      );
    } catch (thrown) {
      if (signal.aborted || !isVerdict(thrown)) this.#drop(session);
      signal.throwIfAborted();
      throw translated(thrown, operation, this.#shown);
    }
  }

  now(): RedisCommands | undefined {
    const client = this.#session?.openClient;
    return client && commandsOf(client, this.#closeController.signal);
  }

  close(): void {
    this.#closeController.abort();
    this.#session?.end();
    this.#session = undefined;
  }

  /** Makes the next command open a new connection. Commands in flight may still get their answers on this one. */
  #drop(session: Session): void {
    if (this.#session === session) this.#session = undefined;
    session.retire();
  }
}

/** One connection, from opening to close. */
class Session {
  readonly #client: Promise<OwnClient>;
  #openClient: OwnClient | undefined;
  readonly #end = new AbortController();
  #users = 0;
  #retired = false;

  constructor(place: Exclude<RedisPlace, { kind: 'client' }>, onBroken: (session: Session) => void) {
    this.#client = this.#open(place);
    this.#client.then(
      (client) => {
        this.#openClient = client;
        client.once('error', () => onBroken(this));
      },
      // The commands that wait for the connection reject with the error.
      () => onBroken(this),
    );
  }

  /** Undefined until the connection is open. */
  get openClient(): OwnClient | undefined {
    return this.#openClient;
  }

  async #open(place: Exclude<RedisPlace, { kind: 'client' }>): Promise<OwnClient> {
    const { signal } = this.#end;
    const server = place.kind === 'server' ? place.server : await masterOf(place, openClient, signal);
    return openClient(server, place.access, signal);
  }

  async use<T>(work: (client: Promise<OwnClient>) => Promise<T>): Promise<T> {
    this.#users += 1;
    try {
      return await work(this.#client);
    } finally {
      this.#users -= 1;
      if (this.#retired && this.#users === 0) this.end();
    }
  }

  /** Closes the connection once the last command in flight has settled. */
  retire(): void {
    this.#retired = true;
    if (this.#users === 0) this.end();
  }

  end(): void {
    this.#end.abort();
  }
}

/** A client that the host creates, connects and closes. */
class HostConnection implements RedisConnection {
  readonly #client: RedisClient;
  readonly #shown: string;
  /** Aborts at `close()`, so that calls in flight send nothing more. */
  readonly #closeController = new AbortController();

  constructor(client: RedisClient, shown: string) {
    this.#client = client;
    this.#shown = shown;
  }

  async ask<T>(operation: string, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#closeController.signal.throwIfAborted();
    try {
      return await abortable(command(commandsOf(this.#client, signal)), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      throw translated(thrown, operation, this.#shown);
    }
  }

  now(): RedisCommands {
    return commandsOf(this.#client, this.#closeController.signal);
  }

  close(): void {
    this.#closeController.abort();
  }
}
