import type { Clock } from '../core/clock.js';
import { StoppedError, asError } from '../core/errors.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { Registration, Renewal } from '../contracts/registry.js';

/** How a beat ended: the registry accepted it, or `error` says why not. */
export type BeatOutcome = {
  readonly said: HealthReport;
  readonly sentAt: number;
} & ({ readonly renewal: Renewal } | { readonly error: Error });

/** The age at which a beat is overdue, in intervals more than the last round trip. */
const OVERDUE_INTERVALS = 1.5;

interface Beat {
  readonly sentAt: number;
  readonly controller: AbortController;
  readonly registration: Registration;
}

/**
 * The beats that have no answer yet. Several may be under way, so that a registry that answers late gets each on time.
 * They count as arrived as long as answers come at the pace at which beats were sent.
 */
export class BeatsUnderWay {
  readonly #clock: Clock;
  readonly #onOutcome: (outcome: BeatOutcome) => void;
  #beats: readonly Beat[] = [];
  #said: HealthReport | undefined;
  /** Of the beat that was answered last. */
  #roundTripMs = 0;
  /** When the first beat without an answer was sent. */
  #unansweredSince: number | undefined;

  constructor(clock: Clock, onOutcome: (outcome: BeatOutcome) => void) {
    this.#clock = clock;
    this.#onOutcome = onOutcome;
  }

  get count(): number {
    return this.#beats.length;
  }

  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** How much longer than the last round trip there has been no answer; 0 or less while answers come on time. */
  get silentMs(): number {
    return this.#unansweredSince === undefined
      ? -Infinity
      : this.#clock.now() - this.#unansweredSince - this.#roundTripMs;
  }

  /** Whether a beat with this report would contradict one under way, or follow one under another receipt. */
  contradicts({ status, reason }: HealthReport, registration: Registration): boolean {
    const isSame = this.#said?.status === status && this.#said.reason === reason;
    return this.#beats.length > 0 && !(isSame && this.#beats.every((beat) => beat.registration === registration));
  }

  send(registration: Registration, said: HealthReport): void {
    const beat = { sentAt: this.#clock.now(), controller: new AbortController(), registration };
    const { sentAt, controller } = beat;
    this.#said = said;
    this.#beats = [...this.#beats, beat];
    this.#unansweredSince ??= sentAt;
    registration.renew(said, controller.signal).then(
      (renewal) => {
        if (this.#answered(beat)) this.#onOutcome({ said, sentAt, renewal });
      },
      (thrown: unknown) => {
        if (this.#answered(beat)) this.#onOutcome({ said, sentAt, error: asError(thrown) });
      },
    );
  }

  /** Closes the connections of all beats under way. Some may arrive all the same. */
  close(): void {
    const closed = this.#beats;
    this.#beats = [];
    for (const { controller } of closed) controller.abort(new StoppedError('a later heartbeat replaces this one'));
  }

  /**
   * Closes the connections of overdue beats, so that the next one takes a fresh connection. The oldest stays for a TTL:
   * its answer is what shows how slow the registry has become.
   */
  closeOverdue(intervalMs: number, ttlMs: number): void {
    const now = this.#clock.now();
    const overdue = this.#beats.filter(({ sentAt }, index) => {
      const mostMs = index === 0 ? ttlMs : OVERDUE_INTERVALS * intervalMs;
      return now - sentAt > this.#roundTripMs + mostMs;
    });
    if (overdue.length === 0) return;
    this.#beats = this.#beats.filter((beat) => !overdue.includes(beat));
    for (const { controller } of overdue) controller.abort(new StoppedError('it had no answer for too long'));
  }

  /** False when the beat was closed before. */
  #answered(beat: Beat): boolean {
    if (!this.#beats.includes(beat)) return false;
    this.#beats = this.#beats.filter((other) => other !== beat);
    this.#roundTripMs = this.#clock.now() - beat.sentAt;
    // A newer answer makes up for older beats.
    this.#unansweredSince = this.#beats.find(({ sentAt }) => sentAt > beat.sentAt)?.sentAt;
    return true;
  }
}
