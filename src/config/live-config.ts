import type { Clock } from '../core/clock.js';
import type { ConfigSource, SourceReading } from '../contracts/config-source.js';
import { StoppedError, hasCode } from '../core/errors.js';
import type { RegistrarError } from '../core/errors.js';
import { backoffFor, jitteredPauseMs } from '../core/backoff.js';
import { withDeadline } from '../core/deadline.js';
import { longPoll } from '../core/long-poll.js';
import type { ConfigRejection, RegistrarEvents } from '../contracts/events.js';
import { printable } from '../core/printable.js';

/** The start waits for the first read so long and no longer. */
const FIRST_READ_WITHIN_MS = 1_000;
const READ_WITHIN_MS = 5_000;
/** The way out of the registry must not wait for a source. */
const CLOSE_WITHIN_MS = 1_000;
/** A held poll answers by itself; past this it hangs on a dead connection. */
const LONGEST_HOLD_MS = 60_000;
/** Of a source that cannot hold a poll. */
const POLL_EVERY_MS = 2_000;
/** A poll that should have been held and was not must not spin. */
const SHORTEST_ROUND_MS = 250;
/** Whoever writes may not be done: news count once two readings so far apart agree. */
const SETTLE_MS = 100;
/** Where there is no end to the writing the latest reading has to do. */
const MOST_READINGS = 5;
const LONGEST_PROBLEM = 1_000;
/** Problems that are remembered as told. */
const MOST_TOLD = 100;

export interface LiveConfigPlan {
  readonly source: ConfigSource;
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of what cannot be used, once a problem. */
  readonly onRejected: (rejection: RegistrarEvents['configRejected']) => void;
  /** Takes over what the source says. Rejects with `ConfigError` when that cannot be used, and as the registry does when it refuses it. */
  readonly apply: (values: unknown) => Promise<void>;
}

/** Follows a config source: one poll after another, what is good is applied, what is bad is told once, until it is ended. */
export class LiveConfig {
  readonly #plan: LiveConfigPlan;
  readonly #over = new AbortController();
  readonly #told = new Set<string>();
  /** What the source said last, good or bad. */
  #seen: string | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(plan: LiveConfigPlan) {
    this.#plan = plan;
  }

  /** Begins. Resolves when the source has been read once, or could not be in a short time; never rejects. */
  start(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#over.signal]);
    const first = this.#readFirst(until);
    // Rejects with nothing but the signal's reason: every other error is tried again.
    this.#following = first.then(() => this.#follow(until)).catch(() => undefined);
    return first;
  }

  /** Ends it and closes the source. Never rejects: what a source still has to say then concerns nobody. */
  async end(): Promise<void> {
    this.#over.abort(new StoppedError('the configuration is no longer followed'));
    await this.#following;
    const { source, clock } = this.#plan;
    await withDeadline(clock, CLOSE_WITHIN_MS, { operation: `closing ${source.name}` }, undefined, async () =>
      source.close(),
    ).catch(() => undefined);
  }

  async #readFirst(signal: AbortSignal): Promise<void> {
    try {
      const reading = await this.#read(FIRST_READ_WITHIN_MS, signal);
      if (reading.values === undefined) return;
      await this.#plan.apply(reading.values);
      this.#seen = contentOf(reading);
    } catch {
      // What is still wrong when the following begins is told there.
    }
  }

  #follow(signal: AbortSignal): Promise<never> {
    const { source, clock, random } = this.#plan;
    return longPoll(
      {
        clock,
        poll: async (cursor, until) => source.poll(cursor, until),
        deadlines: {
          operation: this.#reading,
          heldMs: source.holdMs ?? LONGEST_HOLD_MS,
          requestMs: READ_WITHIN_MS,
        },
        settle: (reading, until) => this.#settled(reading, until),
        minRoundMs: SHORTEST_ROUND_MS,
        // An answer that comes at once may well be the next change.
        maxRoundMs: SHORTEST_ROUND_MS,
        pollEveryMs: POLL_EVERY_MS,
        failurePauseMs: (error, failed) => jitteredPauseMs(backoffFor(error, false), failed, random),
        onAnswer: (reading) => this.#consider(reading, signal),
        onFailed: (error, { failed }) => {
          if (failed === 1) this.#reject('unreadable', error.message);
        },
      },
      signal,
    );
  }

  /** News are read again until the source has come to rest. */
  async #settled(first: SourceReading, signal: AbortSignal): Promise<SourceReading> {
    let reading = first;
    for (let readings = 1; readings < MOST_READINGS; readings += 1) {
      const content = contentOf(reading);
      if (content === this.#seen) break;
      await this.#plan.clock.sleep(SETTLE_MS, signal);
      reading = await this.#read(READ_WITHIN_MS, signal);
      if (contentOf(reading) === content) break;
    }
    return reading;
  }

  #read(withinMs: number, signal: AbortSignal): Promise<SourceReading> {
    const { source, clock } = this.#plan;
    return withDeadline(clock, withinMs, { operation: this.#reading }, signal, async (until) =>
      source.poll(undefined, until),
    );
  }

  get #reading(): string {
    return `reading ${this.#plan.source.name}`;
  }

  #consider(reading: SourceReading, signal: AbortSignal): void {
    const content = contentOf(reading);
    if (content === this.#seen) return;
    this.#seen = content;
    if (reading.problem !== undefined) this.#reject('invalid', reading.problem);
    else if (reading.values === undefined) this.#reject('empty', 'it has nothing for this service, or may not be read');
    else void this.#apply(reading.values, signal);
  }

  /** Not waited for: while the registry is away the source may say something newer. */
  async #apply(values: unknown, signal: AbortSignal): Promise<void> {
    try {
      await this.#plan.apply(values);
      this.#told.clear();
    } catch (error) {
      // Any other error says nothing of the values: the heartbeat goes on trying to write them, or has come to its end.
      if (!signal.aborted && (hasCode(error, 'ROLLCALL_CONFIG') || hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')))
        this.#reject('invalid', wordsOf(error));
    }
  }

  #reject(cause: ConfigRejection, words: string): void {
    const problem = printable(words, LONGEST_PROBLEM);
    // A problem that comes back while nothing good came between has been told.
    if (cause !== 'unreadable' && this.#told.has(problem)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(problem);
    const { source, onRejected } = this.#plan;
    onRejected({ source: source.name, cause, problem });
  }
}

/** On one line: of a `ConfigError` its problems, without the headline that speaks of options. */
function wordsOf({ code, message }: RegistrarError): string {
  const lines = message.split('\n').map((line) => line.trim());
  return (code === 'ROLLCALL_CONFIG' ? lines.slice(1) : lines).join('; ');
}

function contentOf({ values, problem }: SourceReading): string {
  return JSON.stringify([values, problem]);
}
