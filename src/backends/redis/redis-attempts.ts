import { systemClock } from '../../core/clock.js';
import { asError } from '../../core/errors.js';
import { meterOf, meterRequests } from '../../core/request-meter.js';
import { LONGEST_OPENING_MS } from './redis-open.js';
import type { OpenClient } from './redis-open.js';

interface Attempt {
  readonly since: number;
  readonly end: AbortController;
}

/**
 * Attempts at one connection, of which the first that succeeds counts. A command that gives up leaves its attempt to
 * those that follow: if each began anew, a connection that opens more slowly than commands can wait would never open.
 */
export class ConnectionAttempts {
  readonly #open: (end: AbortSignal) => Promise<OpenClient>;
  /** Two at most: the oldest, which is nearest to its end, and the newest, since the oldest may wait in vain. */
  #pending: readonly Attempt[] = [];
  #resolve: (client: OpenClient) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  /** Rejects as the first attempt that fails. */
  readonly opened = new Promise<OpenClient>((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  /** Begins the first attempt, for a command under `signal`. */
  constructor(open: (end: AbortSignal) => Promise<OpenClient>, signal: AbortSignal) {
    this.#open = open;
    this.begin(signal);
  }

  /** When the newest attempt began. */
  get since(): number {
    return this.#pending.at(-1)?.since ?? -Infinity;
  }

  /** Begins another attempt, whose requests count as those of a command under `signal`. */
  begin(signal: AbortSignal): void {
    const now = systemClock.now();
    const oldest = this.#pending.find(({ since }) => now - since < LONGEST_OPENING_MS);
    const newest: Attempt = { since: now, end: new AbortController() };
    this.#keep(oldest === undefined ? [newest] : [oldest, newest]);
    meterRequests(newest.end.signal, meterOf(signal));
    this.#open(newest.end.signal).then(
      (client) => {
        if (!this.#pending.includes(newest)) return;
        this.#keep([newest]);
        this.#resolve(client);
      },
      (thrown: unknown) => {
        if (!this.#pending.includes(newest)) return;
        this.end();
        this.#reject(asError(thrown));
      },
    );
  }

  /** Ends the connection, or the attempts at it. */
  end(): void {
    for (const { end } of this.#pending) end.abort();
  }

  #keep(attempts: readonly Attempt[]): void {
    const given = this.#pending.filter((attempt) => !attempts.includes(attempt));
    this.#pending = attempts;
    for (const { end } of given) end.abort();
  }
}
