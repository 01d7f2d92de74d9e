import { backoffFor, jitteredPauseMs } from '../core/backoff.js';
import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { formatDuration } from '../core/duration.js';
import type { RegistrationLostError } from '../core/errors.js';
import { TimeoutError, asError, hasCode } from '../core/errors.js';
import type { Wakeup } from '../core/wakeup.js';
import type { HealthReport } from '../contracts/health-report.js';
import { wasNeverSent } from '../registries/is-answer.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import { SHORTEST_ROUND_MS } from '../registries/request-pace.js';
import type { ActiveRegistration } from './active-registration.js';
import { BeatsUnderWay } from './beats-under-way.js';
import type { BeatOutcome } from './beats-under-way.js';
import { Confirmation } from './confirmation.js';
import { isLoss } from './registration-lost.js';
import { marginMs, nextBeatAt } from './schedule.js';

/** A stalled agent can answer our heartbeat first and let the TTL expire afterwards, so one more follows soon. */
const CONFIRM_AFTER_MS = 150;
/** What asks for a beat out of turn does not add to more than these. */
const MOST_OUT_OF_TURN = 4;

export interface BeatLoopPlan {
  readonly registry: GuardedRegistry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly intervalMs: number;
  readonly phase: number;
  readonly report: () => HealthReport;
  /** Rung to beat at once. */
  readonly wakeup: Wakeup;
  /** A beat was accepted. Returns true when it ended an outage. */
  readonly onAccepted: (accepted: Extract<BeatOutcome, { renewal: unknown }>) => boolean;
  /** A beat failed, or none has been answered for long. */
  readonly onMissed: (error: Error, marginMs: number) => void;
  /** Reads the entry and rewrites it where it differs; runs beside the beats, one at a time. */
  readonly reconcile: (signal: AbortSignal) => Promise<void>;
}

/**
 * Sends beats on schedule, however late the answers are, until the entry is lost. What else it does for the entry runs
 * beside them.
 */
export class BeatLoop {
  readonly #plan: BeatLoopPlan;
  readonly #active: ActiveRegistration;
  readonly #beats: BeatsUnderWay;
  readonly #confirmation: Confirmation;
  readonly #outcomes: BeatOutcome[] = [];
  readonly #ended = new AbortController();
  #dueAt: number;
  #lastSentAt: number;
  /** When the last beat but one was sent, should the last one never have been. */
  #sentBefore: number;
  #failedInRow = 0;
  /** Silences reported since the last answer. */
  #silences = 0;
  #aside: Promise<void> | undefined;
  /** Beats were accepted since the work beside them began; it may have passed what they were sent for. */
  #acceptedBesideWork = 0;
  #lost: RegistrationLostError | undefined;

  constructor(plan: BeatLoopPlan, active: ActiveRegistration, afterOutage: boolean) {
    this.#plan = plan;
    this.#active = active;
    this.#confirmation = new Confirmation(plan.clock);
    this.#beats = new BeatsUnderWay(plan.clock, (outcome) => {
      this.#outcomes.push(outcome);
      plan.wakeup.wake();
    });
    this.#lastSentAt = active.sentAt;
    this.#sentBefore = active.sentAt;
    this.#dueAt = this.#next();
    if (afterOutage) this.#beatWithin(CONFIRM_AFTER_MS);
  }

  /** Closes the beats under way, because what follows must not be overtaken by them. */
  close(): void {
    if (this.#beats.count === 0) return;
    this.#beats.close();
    this.#confirmation.begin();
  }

  /** Rejects with the loss, or with the signal's reason. Nothing of it is under way afterwards. */
  async run(signal: AbortSignal): Promise<never> {
    const removeListener = onAbort(signal, () => {
      this.#ended.abort(asError(signal.reason));
    });
    try {
      for (;;) {
        this.#handleOutcomes();
        this.#reportSilence();
        if (this.#lost !== undefined) throw this.#lost;
        const { clock, wakeup } = this.#plan;
        const wakeAt = Math.min(this.#dueAt, this.#silenceAt);
        const isWanted = await wakeup.wait(clock, wakeAt - clock.now(), signal);
        if (isWanted && this.#mayGoOutOfTurn) this.#beatWithin(0);
        if (clock.now() >= this.#dueAt && this.#outcomes.length === 0) this.#beat();
      }
    } finally {
      removeListener();
      this.#ended.abort(new Error('the heartbeats have ended'));
      this.#beats.close();
      await this.#aside;
    }
  }

  get #mayGoOutOfTurn(): boolean {
    const { report } = this.#plan;
    return this.#beats.count < MOST_OUT_OF_TURN || this.#beats.contradicts(report(), this.#active.registration);
  }

  #beat(): void {
    const { clock, report, intervalMs } = this.#plan;
    const said = report();
    if (this.#beats.contradicts(said, this.#active.registration)) this.close();
    this.#beats.closeOverdue(intervalMs, this.#active.ttlMs);
    this.#sentBefore = this.#active.sentAt;
    this.#lastSentAt = clock.now();
    this.#active.sentAt = this.#lastSentAt;
    this.#dueAt = this.#next();
    this.#beats.send(this.#active.registration, said);
  }

  #handleOutcomes(): void {
    const outcomes = this.#outcomes.splice(0);
    if (outcomes.length === 0) return;
    this.#silences = 0;
    this.#active.roundTripMs = this.#beats.roundTripMs;
    let failure: Error | undefined;
    for (const outcome of outcomes) {
      if ('renewal' in outcome) this.#accepted(outcome);
      else if (isLoss(outcome.error)) {
        this.#active.refused = true;
        this.#lost = outcome.error;
      } else {
        failure = outcome.error;
        if (wasNeverSent(failure) && outcome.sentAt === this.#active.sentAt) this.#active.sentAt = this.#sentBefore;
      }
    }
    if (failure !== undefined && this.#lost === undefined) this.#failed(failure);
  }

  #accepted(outcome: Extract<BeatOutcome, { renewal: unknown }>): void {
    const { nextBeatInMs } = outcome.renewal;
    this.#failedInRow = 0;
    const endedOutage = this.#plan.onAccepted(outcome);
    this.#dueAt = Math.min(this.#dueAt, this.#next());
    if (endedOutage) this.#beatWithin(CONFIRM_AFTER_MS);
    if (nextBeatInMs !== undefined) this.#beatWithin(nextBeatInMs);
    this.#confirmation.answered(outcome.sentAt);
    this.#workAside();
  }

  #failed(error: Error): void {
    const { clock, random, registry, intervalMs, onMissed } = this.#plan;
    this.#failedInRow += 1;
    onMissed(error, marginMs(this.#active, clock.now()));
    // Several attempts must fit into the rest of the TTL. But frequent retries do not fix a token; a new one wakes us.
    const longestMs = hasCode(error, 'ROLLCALL_REGISTRY_DENIED') ? Infinity : intervalMs / 2;
    const backoff = backoffFor(error, registry.traits.isLocal, longestMs);
    this.#dueAt = clock.now() + jitteredPauseMs(backoff, this.#failedInRow, random);
  }

  /** When to report the next silence: beats have had no answer for an interval more than a round trip. */
  get #silenceAt(): number {
    return this.#plan.clock.now() + (this.#silences + 1) * this.#plan.intervalMs - this.#beats.silentMs;
  }

  #reportSilence(): void {
    const { registry, intervalMs, onMissed } = this.#plan;
    const { silentMs } = this.#beats;
    if (silentMs < (this.#silences + 1) * intervalMs) return;
    this.#silences += 1;
    const silence = formatDuration(Math.round(silentMs + this.#beats.roundTripMs));
    const message = `${registry.name} has not answered a heartbeat for ${silence}; they go on. Check that it runs`;
    const error = new TimeoutError(message, { registry: registry.name, operation: 'renew' });
    onMissed(error, this.#active.ttlMs - silentMs);
  }

  /** Looks at the entry, and repairs it. Beats go on meanwhile. */
  #workAside(): void {
    this.#acceptedBesideWork += 1;
    if (this.#aside !== undefined) return;
    this.#aside = this.#workUntilSeen(this.#ended.signal);
  }

  /** Never rejects. It is over at once when nothing is left: no beat can be accepted between. */
  async #workUntilSeen(signal: AbortSignal): Promise<void> {
    try {
      while (this.#acceptedBesideWork > 0) {
        this.#acceptedBesideWork = 0;
        await this.#work(signal);
      }
    } catch (thrown) {
      if (isLoss(thrown)) this.#lost = thrown;
    } finally {
      this.#aside = undefined;
      this.#plan.wakeup.wake();
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    await this.#plan.reconcile(signal);
    if (!this.#confirmation.isDue) return;
    const said = this.#plan.report();
    const isOver = await this.#confirmation.look(this.#plan.registry, this.#active.instance, said, signal);
    if (!isOver) this.#beatWithin(CONFIRM_AFTER_MS);
  }

  #beatWithin(ms: number): void {
    const { clock } = this.#plan;
    const soonest = Math.max(clock.now() + ms, this.#lastSentAt + SHORTEST_ROUND_MS);
    this.#dueAt = Math.min(this.#dueAt, soonest);
  }

  #next(): number {
    const { intervalMs, phase } = this.#plan;
    // A registry may grant a shorter TTL than requested.
    return nextBeatAt(this.#lastSentAt, Math.min(intervalMs, this.#active.ttlMs / 3), phase);
  }
}
