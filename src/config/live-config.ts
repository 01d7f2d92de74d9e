import type { Clock } from '../core/clock.js';
import type { ConfigSource, SourceReading } from '../contracts/config-source.js';
import { StoppedError, hasCode } from '../core/errors.js';
import type { RegistrarError } from '../core/errors.js';
import { backoffFor, jitteredPauseMs } from '../core/backoff.js';
import { withDeadline } from '../core/deadline.js';
import { longPoll } from '../core/long-poll.js';
import type { ConfigRejection, RegistrarEvents } from '../contracts/events.js';
import { printable } from '../core/printable.js';

/** The longest that the start waits for the first reading. */
const FIRST_READ_WITHIN_MS = 1_000;
const READ_WITHIN_MS = 5_000;
/** A slow source must not delay the stop. */
const CLOSE_WITHIN_MS = 1_000;
/** The longest duration of a long poll; a longer one hangs on a dead connection. */
const LONG_POLL_WITHIN_MS = 60_000;
/** The interval for a source without long polls. */
const POLL_EVERY_MS = 2_000;
/** The shortest interval between long polls, so that answers without delay cause no busy loop. */
const MIN_ROUND_MS = 250;
/** A change counts once two readings this far apart agree: the writer may still be writing. */
const SETTLE_MS = 100;
/** If the content keeps changing, the last of so many readings counts. */
const MAX_READINGS = 5;
const LONGEST_PROBLEM = 1_000;
/** The most problems that are remembered as reported. */
const MAX_REPORTED = 100;

export interface LiveConfigPlan {
  readonly source: ConfigSource;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called once per problem, for content that cannot be used. */
  readonly onRejected: (rejection: RegistrarEvents['configRejected']) => void;
  /**
   * Applies the values of the source. Rejects with `ConfigError` when they are invalid, or with the error of a registry
   * that rejects them.
   */
  readonly apply: (values: unknown) => Promise<void>;
  /** Called when the source that the start waits for was written, and its content applied or rejected. */
  readonly onWritten?: () => void;
}

/** Polls a config source until the end: applies valid content, and reports each problem once. */
export class LiveConfig {
  readonly #plan: LiveConfigPlan;
  readonly #ended = new AbortController();
  readonly #reported = new Set<string>();
  /** The last content of the source, valid or not. */
  #lastContent: string | undefined;
  #pending: string | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(plan: LiveConfigPlan) {
    this.#plan = plan;
  }

  /** Why the source is not written yet; undefined once it was. */
  get pending(): string | undefined {
    return this.#pending;
  }

  /** Begins. Resolves after the first reading or its short deadline; never rejects. */
  start(signal: AbortSignal): Promise<void> {
    const until = AbortSignal.any([signal, this.#ended.signal]);
    const first = this.#readFirst(until);
    // Rejects only with the signal's reason, since every other error is retried.
    this.#following = first.then(() => this.#follow(until)).catch(() => undefined);
    return first;
  }

  /** Ends the polls and closes the source. Never rejects: an error of the source no longer matters. */
  async end(): Promise<void> {
    this.#ended.abort(new StoppedError('the configuration is no longer followed'));
    await this.#following;
    const { source, clock } = this.#plan;
    await withDeadline(clock, CLOSE_WITHIN_MS, { operation: `closing ${source.name}` }, undefined, async () =>
      source.close(),
    ).catch(() => undefined);
  }

  async #readFirst(signal: AbortSignal): Promise<void> {
    try {
      const reading = await this.#read(FIRST_READ_WITHIN_MS, signal);
      this.#pending = reading.pending;
      if (reading.values === undefined) return;
      await this.#plan.apply(reading.values);
      this.#lastContent = contentOf(reading);
    } catch {
      // Ignored: if the problem persists, `#follow` reports it.
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
          heldMs: source.holdMs ?? LONG_POLL_WITHIN_MS,
          requestMs: READ_WITHIN_MS,
        },
        settle: (reading, until) => this.#settled(reading, until),
        minRoundMs: MIN_ROUND_MS,
        // No growing pause: an immediate answer may be the next change.
        maxRoundMs: MIN_ROUND_MS,
        pollEveryMs: POLL_EVERY_MS,
        failurePauseMs: (error, failed) => jitteredPauseMs(backoffFor(error, false), failed, random),
        onAnswer: (reading) => this.#handle(reading, signal),
        onFailed: (error, { failed }) => {
          if (failed === 1) this.#reject('unreadable', error.message);
        },
      },
      signal,
    );
  }

  /** Rereads changed content until two readings agree. */
  async #settled(first: SourceReading, signal: AbortSignal): Promise<SourceReading> {
    let reading = first;
    for (let readings = 1; readings < MAX_READINGS; readings += 1) {
      const content = contentOf(reading);
      if (content === this.#lastContent) break;
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

  #handle(reading: SourceReading, signal: AbortSignal): void {
    const wasPending = this.#pending !== undefined;
    if (wasPending && reading.pending !== undefined) return;
    this.#pending = undefined;
    const content = contentOf(reading);
    if (content === this.#lastContent) return;
    this.#lastContent = content;
    if (reading.problem !== undefined) this.#reject('invalid', reading.problem);
    else if (reading.values === undefined)
      this.#reject('empty', 'it has no content for this service, or access to it is denied');
    else void this.#apply(reading.values, signal);
    if (wasPending) this.#plan.onWritten?.();
  }

  /** Not awaited by `#follow`: the source can change again while the registry is unreachable. */
  async #apply(values: unknown, signal: AbortSignal): Promise<void> {
    try {
      await this.#plan.apply(values);
      this.#reported.clear();
    } catch (error) {
      // Any other error is not about the values: the heartbeat retries writing them, or has ended.
      if (!signal.aborted && (hasCode(error, 'ROLLCALL_CONFIG') || hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')))
        this.#reject('invalid', describe(error));
    }
  }

  #reject(cause: ConfigRejection, message: string): void {
    const problem = printable(message, LONGEST_PROBLEM);
    // Reports a problem again only after valid content.
    if (cause !== 'unreadable' && this.#reported.has(problem)) return;
    if (this.#reported.size >= MAX_REPORTED) this.#reported.clear();
    this.#reported.add(problem);
    const { source, onRejected } = this.#plan;
    onRejected({ source: source.name, cause, problem });
  }
}

/** The message on one line; for a `ConfigError` without its headline, which is about options. */
function describe({ code, message }: RegistrarError): string {
  const lines = message.split('\n').map((line) => line.trim());
  return (code === 'ROLLCALL_CONFIG' ? lines.slice(1) : lines).join('; ');
}

/** Throws `TypeError` for what cannot be written as JSON, for which `JSON.stringify` has no words for readers. */
function contentOf({ values, problem }: SourceReading): string {
  try {
    return JSON.stringify([values, problem]);
  } catch (cause) {
    throw new TypeError('its values are nested too deep, or are no JSON', { cause });
  }
}
