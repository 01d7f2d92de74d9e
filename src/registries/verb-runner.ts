import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';
import { RegistryUnavailableError, asError, hasCode, isRegistrarError } from '../core/errors.js';
import { meterOf, meterRequests } from '../core/request-meter.js';
import type { RequestMeter } from '../core/request-meter.js';
import type { Deadlines } from '../contracts/registry.js';
import type { RequestKind } from './guarded-registration.js';
import { isAnswer } from './is-answer.js';
import type { PacedVerb, RequestPace } from './request-pace.js';
import { LONGEST_REQUEST_MS, RoundTrip } from './round-trip.js';

/** So many requests of a verb have a deadline each; those that follow share the last one. */
const MOST_DEADLINES = 6;

export interface VerbRunnerPlan {
  /** Of the registry. */
  readonly name: string;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Undefined: verbs begin at once. */
  readonly pace: RequestPace | undefined;
  /** The requests of a verb are its own, one after the other, and not those of several registries. */
  readonly countsRequests: boolean;
  /** Called when the registry answered; `sentAt`: when that request was sent. */
  readonly onAnswered: (sentAt: number) => void;
}

/**
 * Runs the verbs of one registry. Each settles in time, and rejects only with our own errors. Learns how late the
 * registry answers, and gives requests time accordingly.
 */
export class VerbRunner {
  readonly roundTrip: RoundTrip;
  readonly #plan: VerbRunnerPlan;

  constructor(plan: VerbRunnerPlan) {
    this.#plan = plan;
    this.roundTrip = new RoundTrip(plan.deadlines.requestMs);
  }

  /** Runs a verb in its turn; `beforeStart` is called then, and may throw. */
  run<T>(
    operation: PacedVerb,
    signal: AbortSignal,
    verb: (signal: AbortSignal) => Promise<T>,
    kind: RequestKind,
    beforeStart: () => void,
  ): Promise<T> {
    const { pace } = this.#plan;
    if (pace === undefined) return this.runNow(operation, signal, verb, kind);
    return pace.run(operation, signal, (meter) => {
      beforeStart();
      return this.runNow(operation, signal, verb, kind, meter);
    });
  }

  /** `meter` counts the requests of the verb, or else that of `signal` does. */
  runNow<T>(
    operation: string,
    signal: AbortSignal | undefined,
    verb: (signal: AbortSignal) => Promise<T>,
    kind: RequestKind,
    meter?: RequestMeter,
  ): Promise<T> {
    const { clock, name: registry } = this.#plan;
    const latest = { sentAt: clock.now() };
    const metered = (bounded: AbortSignal, restart: () => void) => {
      const outer = meter ?? meterOf(bounded);
      meterRequests(bounded, this.#isCounted(kind) ? new DeadlineMeter(clock, latest, restart, outer) : outer);
      return verb(bounded);
    };
    return withDeadline(clock, this.#deadlineMs(kind), { registry, operation }, signal, metered).then(
      (value) => {
        if (kind !== 'held') this.#answered(latest.sentAt);
        return value;
      },
      (thrown: unknown) => {
        signal?.throwIfAborted();
        if (!isRegistrarError(thrown)) {
          const cause = asError(thrown);
          throw new RegistryUnavailableError(`The registry ${registry} failed during ${operation}: ${cause.message}`, {
            registry,
            operation,
            cause,
          });
        }
        if (isAnswer(thrown)) this.#answered(latest.sentAt);
        else if (hasCode(thrown, 'ROLLCALL_TIMEOUT') && kind === 'request') this.roundTrip.timedOut();
        throw thrown;
      },
    );
  }

  /** A heartbeat has one time for all of it, since the next one is sent beside it. */
  #isCounted(kind: RequestKind): boolean {
    return kind === 'request' && this.#plan.countsRequests;
  }

  #deadlineMs(kind: RequestKind): number {
    if (kind === 'held') return this.#plan.deadlines.heldMs;
    return kind === 'beat' ? LONGEST_REQUEST_MS : this.roundTrip.deadlineMs;
  }

  #answered(sentAt: number): void {
    this.roundTrip.answered(this.#plan.clock.now() - sentAt);
    this.#plan.onAnswered(sentAt);
  }
}

/** Gives each request of a verb the verb's deadline, so that one which needs several of them can be late, too. */
class DeadlineMeter implements RequestMeter {
  readonly #clock: Clock;
  readonly #latest: { sentAt: number };
  readonly #restart: () => void;
  readonly #outer: RequestMeter | undefined;
  #requests = 0;

  constructor(clock: Clock, latest: { sentAt: number }, restart: () => void, outer: RequestMeter | undefined) {
    this.#clock = clock;
    this.#latest = latest;
    this.#restart = restart;
    this.#outer = outer;
  }

  admit(): Promise<void> | undefined {
    const waiting = this.#outer?.admit();
    if (waiting === undefined) this.#sent();
    return waiting?.then(() => {
      this.#sent();
    });
  }

  #sent(): void {
    this.#requests += 1;
    this.#latest.sentAt = this.#clock.now();
    if (this.#requests > 1 && this.#requests <= MOST_DEADLINES) this.#restart();
  }
}
