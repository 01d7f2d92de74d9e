import { abortable } from '../../core/abort.js';
import { systemClock } from '../../core/clock.js';
import { admitRequest } from '../../core/request-meter.js';
import type { AnswerCap } from '../../net/answer-cap.js';
import { openingFailure } from '../../net/tls-errors.js';
import type { RedisCaps } from './redis-answer-limit.js';
import { ConnectionAttempts } from './redis-attempts.js';
import { commandsOf } from './redis-commands.js';
import type { RedisCommands } from './redis-commands.js';
import type { RedisConnection } from './redis-connection.js';
import { isRefusal, keepsConnection, translated } from './redis-errors.js';
import type { RedisRequest } from './redis-errors.js';
import { openClient } from './redis-open.js';
import type { OpenClient, OwnClient } from './redis-open.js';
import type { OwnPlace } from './redis-options.js';
import { MasterFinder } from './redis-sentinel.js';

/** Far longer than a server that is well takes to open a connection and to answer once. */
const MUTE_MS = 2_000;

/**
 * A connection of our own. The first command opens it, and the first command without an answer discards it once it is
 * open. So nothing is queued, nothing is sent twice, and no loop reconnects by itself.
 */
export class OwnConnection implements RedisConnection {
  readonly #opener: Opener;
  readonly #shown: string;
  readonly #caps: RedisCaps;
  #session: Session | undefined;
  /** Aborts at `close()`, so that calls in flight send nothing more. */
  readonly #closeController = new AbortController();

  constructor(place: OwnPlace, shown: string, caps: RedisCaps) {
    this.#caps = caps;
    this.#opener = openerOf(place);
    this.#shown = shown;
  }

  async ask<T>(request: RedisRequest, signal: AbortSignal, command: (redis: RedisCommands) => Promise<T>): Promise<T> {
    await admitRequest(signal);
    signal.throwIfAborted();
    this.#closeController.signal.throwIfAborted();
    if (this.#session?.isMute === true) this.#drop(this.#session);
    const session = (this.#session ??= new Session(this.#opener, (broken) => this.#drop(broken), signal));
    try {
      return await session.use(
        (open) => abortable(command(commandsOf(open.client, signal)), signal),
        this.#caps[request.answer],
        signal,
      );
    } catch (thrown) {
      const isReply = isRefusal(thrown);
      if (isReply) session.answered();
      if (session.isOpening && signal.aborted) session.tryAgain();
      else if (signal.aborted || !keepsConnection(thrown)) {
        if (isReply) session.blame();
        this.#drop(session);
      }
      signal.throwIfAborted();
      throw translated(isReply ? thrown : session.failureBehind(thrown), request, this.#shown);
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

/** Opens connections, and hears of one that turned out to lead to the wrong server. */
export interface Opener {
  open(end: AbortSignal): Promise<OpenClient>;
  blame(client: OpenClient): void;
}

export function openerOf(place: OwnPlace): Opener {
  if (place.kind === 'sentinel') return new MasterFinder(place);
  const { server, access, credentials } = place;
  return {
    open: async (end) => openClient(server, await credentials.login(access, end), end),
    blame: () => undefined,
  };
}

/** One connection, from opening to close. */
class Session {
  readonly #opener: Opener;
  readonly #attempts: ConnectionAttempts;
  #open: OpenClient | undefined;
  #openedAt = Infinity;
  #isSlow = false;
  #hasAnswered = false;
  #users = 0;
  #retired = false;
  #error: Error | undefined;

  constructor(opener: Opener, onBroken: (session: Session) => void, signal: AbortSignal) {
    this.#opener = opener;
    this.#attempts = new ConnectionAttempts((end) => opener.open(end), signal);
    this.#attempts.opened.then(
      (open) => {
        this.#open = open;
        this.#openedAt = systemClock.now();
        open.client.once('error', (error: Error) => {
          this.#error = error;
          onBroken(this);
          // After an answer that is not Redis' the client would leave the commands in flight without one.
          this.end();
        });
      },
      // The commands that wait for the connection reject with the error.
      () => onBroken(this),
    );
  }

  get isOpening(): boolean {
    return this.#open === undefined && !this.#retired;
  }

  /** Open for long without a single answer: it may lead nowhere, so another one is worth a try beside it. */
  get isMute(): boolean {
    const mostMs = Math.max(MUTE_MS, 2 * (this.#openedAt - this.#attempts.since));
    return !this.#hasAnswered && systemClock.now() - this.#openedAt >= mostMs;
  }

  answered(): void {
    this.#hasAnswered = true;
  }

  /** Undefined until the connection is open. */
  get openClient(): OwnClient | undefined {
    return this.#open?.client;
  }

  /** Why the connection ended by itself, or what a command says. */
  failureBehind(thrown: unknown): unknown {
    const failure = this.#open?.limit.exceeded ?? this.#error ?? thrown;
    // A server that takes no client without a certificate may say so after the handshake.
    return this.#hasAnswered ? failure : openingFailure(failure, this.#open?.tls, 'other');
  }

  async use<T>(work: (open: OpenClient) => Promise<T>, cap: AnswerCap, signal: AbortSignal): Promise<T> {
    this.#users += 1;
    const isLate = this.#isSlow || systemClock.now() - this.#attempts.since >= MUTE_MS;
    if (isLate && this.isOpening) this.#attempts.begin(signal);
    this.#isSlow = false;
    let answered: (() => void) | undefined;
    try {
      const open = await abortable(this.#attempts.opened, signal);
      answered = open.limit.expect(cap);
      const answer = await work(open);
      this.answered();
      return answer;
    } finally {
      answered?.();
      this.#users -= 1;
      if (this.#retired && this.#users === 0) this.end();
    }
  }

  /** A command has waited in vain: the next one begins another attempt beside this one. */
  tryAgain(): void {
    this.#isSlow = true;
  }

  /** The server is not the one that should serve us. */
  blame(): void {
    if (this.#open !== undefined) this.#opener.blame(this.#open);
  }

  /** Closes the connection once the last command in flight has settled. */
  retire(): void {
    this.#retired = true;
    if (this.#users === 0) this.end();
  }

  end(): void {
    this.#attempts.end();
  }
}
