import { abortable } from '../../core/abort.js';
import type { RedisClient } from './redis-client.js';
import { commandsOf } from './redis-commands.js';
import type { RedisCommands } from './redis-commands.js';
import { isVerdict, translated } from './redis-errors.js';
import { openClient } from './redis-open.js';
import type { OwnClient } from './redis-open.js';
import type { RedisPlace, RedisTarget } from './redis-options.js';
import { masterOf } from './redis-sentinel.js';

/** Where the commands are sent. */
export interface RedisConnection {
  /** Rejects with the signal's reason as soon as that aborts, with an error of ours when the command fails, and always once it is closed. */
  ask<T>(operation: string, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T>;
  close(): void;
}

export function connectionTo({ place, shown }: RedisTarget): RedisConnection {
  return place.kind === 'client' ? new HostConnection(place.client, shown) : new OwnConnection(place, shown);
}

/**
 * One connection of our own, made by the first command that needs it and thrown away with the first that gets no answer: nothing is
 * queued, nothing is sent again, and there is no loop that would reconnect by itself.
 */
class OwnConnection implements RedisConnection {
  readonly #place: Exclude<RedisPlace, { kind: 'client' }>;
  readonly #shown: string;
  #line: Line | undefined;
  /** Aborts at `close()`: what is in flight then sends nothing more. */
  readonly #over = new AbortController();

  constructor(place: Exclude<RedisPlace, { kind: 'client' }>, shown: string) {
    this.#place = place;
    this.#shown = shown;
  }

  async ask<T>(operation: string, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#over.signal.throwIfAborted();
    const line = (this.#line ??= new Line(this.#place, (broken) => this.#drop(broken)));
    try {
      return await line.use((client) =>
        abortable(
          client.then((open) => command(commandsOf(open, signal))),
          signal,
        ),
      );
    } catch (thrown) {
      if (signal.aborted || !isVerdict(thrown)) this.#drop(line);
      signal.throwIfAborted();
      throw translated(thrown, operation, this.#shown);
    }
  }

  close(): void {
    this.#over.abort();
    this.#line?.end();
    this.#line = undefined;
  }

  /** The next command makes a new one; others that still wait for an answer on this one may get it. */
  #drop(line: Line): void {
    if (this.#line === line) this.#line = undefined;
    line.retire();
  }
}

/** One connection from its making to its end. */
class Line {
  readonly #client: Promise<OwnClient>;
  readonly #end = new AbortController();
  #users = 0;
  #retired = false;

  constructor(place: Exclude<RedisPlace, { kind: 'client' }>, onBroken: (line: Line) => void) {
    this.#client = this.#open(place);
    this.#client.then(
      (client) => client.once('error', () => onBroken(this)),
      // Told to whoever waits for it.
      () => onBroken(this),
    );
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

  /** Ends with its last user. */
  retire(): void {
    this.#retired = true;
    if (this.#users === 0) this.end();
  }

  end(): void {
    this.#end.abort();
  }
}

/** A client that the host made, connects and closes. */
class HostConnection implements RedisConnection {
  readonly #client: RedisClient;
  readonly #shown: string;
  /** Aborts at `close()`: what is in flight then sends nothing more. */
  readonly #over = new AbortController();

  constructor(client: RedisClient, shown: string) {
    this.#client = client;
    this.#shown = shown;
  }

  async ask<T>(operation: string, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#over.signal.throwIfAborted();
    try {
      return await abortable(command(commandsOf(this.#client, signal)), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      throw translated(thrown, operation, this.#shown);
    }
  }

  close(): void {
    this.#over.abort();
  }
}
