import type { Discovery } from '../contracts/discovery.js';
import { untilNotified } from '../core/abort.js';
import { backoffFor, jitteredPauseMs } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';
import { StoppedError, asError, hasCode } from '../core/errors.js';
import { TokenBucket } from '../core/token-bucket.js';
import { Wakeup } from '../core/wakeup.js';
import { isAnswer } from '../registries/is-answer.js';
import { StaleReads } from './stale-reads.js';
import { untilGivenUp } from './until-given-up.js';

/** A poll that is held tells nothing of a leader that is lost. */
const LOOK_EVERY_MS = 10_000;
/** While there is none, so that its return is noticed in time. */
const LEADERLESS_EVERY_MS = 1_000;
/** However many polls fail: a request a second, after a burst. */
const PACE = { burst: 3, refillMs: 1_000 };
/** The answer takes some milliseconds. */
const ANSWER_WITHIN_MS = 2_000;
/** Lets one poll try while looks stay open: something in front of the registry may let only polls pass. */
const TRIAL_EVERY_MS = 10_000;

/**
 * What is known of a registry's leader. `led`: there is one, or the registry does not tell; `suspected`: a poll failed,
 * and no look was answered since; `leaderless`: the registry answers, but has none; `silent`: it did not answer a look.
 */
export type Leadership = 'led' | 'suspected' | 'leaderless' | 'silent';

/** What can happen to it; `lost`: a look was answered, and there is no leader. */
export type LeadershipEvent = 'found' | 'lost' | 'unanswered' | 'pollFailed';

/** The transition table: a pair that is missing here changes nothing. */
export const leadershipTransitions: Readonly<
  Record<Leadership, Readonly<Partial<Record<LeadershipEvent, Leadership>>>>
> = {
  led: { lost: 'leaderless', unanswered: 'silent', pollFailed: 'suspected' },
  suspected: { found: 'led', lost: 'leaderless', unanswered: 'silent' },
  leaderless: { found: 'led', unanswered: 'silent' },
  silent: { found: 'led', lost: 'leaderless' },
};

export interface LeaderMonitorPlan {
  readonly hasLeader: NonNullable<Discovery['hasLeader']>;
  readonly isLocal: boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Watches for all polls of one registry whether it has a leader. Looks while there is a user of it. */
export class LeaderMonitor {
  /** What readers ask of the registry while it has no leader. */
  readonly staleReads = new StaleReads();
  readonly #plan: LeaderMonitorPlan;
  readonly #wakeup = new Wakeup();
  readonly #listeners = new Set<() => void>();
  #leadership: Leadership = 'led';
  #users = 0;
  #running: AbortController | undefined;
  #unanswered = 0;
  /** The last look was cut off, not refused. */
  #isOpenEnded = false;
  #lastTrialAt = 0;
  #silentPauseMs = 0;

  constructor(plan: LeaderMonitorPlan) {
    this.#plan = plan;
  }

  get leadership(): Leadership {
    return this.#leadership;
  }

  /** Counts one user more; the returned function, called once, one less. */
  join(): () => void {
    this.#users += 1;
    if (this.#running === undefined) {
      this.#running = new AbortController();
      // Rejects when the last user leaves.
      this.#run(this.#running.signal).catch(() => undefined);
    }
    return () => {
      this.#users -= 1;
      if (this.#users > 0) return;
      this.#running?.abort(new StoppedError('nothing is read any more'));
      this.#running = undefined;
    };
  }

  /** A poll failed: no other one begins before a look was answered. A refusal is an answer. */
  pollFailed(error: Error): void {
    if (hasCode(error, 'ROLLCALL_REGISTRY_DENIED') || hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) return;
    this.suspect();
  }

  /** An answer came without a leader. */
  suspect(): void {
    if (this.#leadership !== 'led') return;
    this.#transition('pollFailed');
    this.#wakeup.ring();
  }

  /** A poll was answered. Without a leader that proves nothing: a view that an agent keeps is answered all the same. */
  pollAnswered(): void {
    if (this.#leadership === 'silent') this.#transition('found');
  }

  /** Resolves to whether there is a leader, as soon as the registry answers. Rejects with the signal's reason. */
  async settled(signal: AbortSignal): Promise<'led' | 'leaderless'> {
    const { clock } = this.#plan;
    for (;;) {
      signal.throwIfAborted();
      if (this.#leadership === 'led' || this.#leadership === 'leaderless') return this.#leadership;
      if (this.#mayTry && clock.now() - this.#lastTrialAt >= TRIAL_EVERY_MS) {
        this.#lastTrialAt = clock.now();
        return 'led';
      }
      await this.#changed(signal, TRIAL_EVERY_MS);
    }
  }

  /** Resolves at the next change, or after `ms`. */
  #changed(signal: AbortSignal, ms: number): Promise<void> {
    return untilNotified((notify) => {
      const cancel = this.#plan.clock.after(ms, notify);
      this.#listeners.add(notify);
      return () => {
        cancel();
        this.#listeners.delete(notify);
      };
    }, signal);
  }

  /** Resolves once there may be a leader again, or after `ms`. */
  async untilFound(signal: AbortSignal, ms: number): Promise<void> {
    const until = this.#plan.clock.now() + ms;
    while (this.#leadership === 'leaderless' && this.#plan.clock.now() < until)
      await this.#changed(signal, until - this.#plan.clock.now());
  }

  /** Runs a poll; gives it up, and resolves to undefined, when the leader is lost. */
  whileLed<T>(signal: AbortSignal, poll: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    return untilGivenUp(signal, (giveUp) => this.onLost(giveUp), poll);
  }

  /** Calls `run` when the leader is lost, until the returned function is called. */
  onLost(run: () => void): () => void {
    const listener = () => {
      if (this.#leadership === 'leaderless') run();
    };
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #run(signal: AbortSignal): Promise<never> {
    const { clock } = this.#plan;
    const pace = new TokenBucket(clock, PACE);
    for (;;) {
      await pace.take(signal);
      await this.#look(signal);
      await this.#wakeup.wait(clock, this.#pauseMs, signal);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, hasLeader } = this.#plan;
    try {
      const context = { operation: 'look for a leader' };
      const found = await withDeadline(clock, ANSWER_WITHIN_MS, context, signal, hasLeader);
      this.#unanswered = 0;
      this.#transition(found ? 'found' : 'lost');
    } catch (thrown) {
      signal.throwIfAborted();
      if (isAnswer(thrown)) {
        // It answers, but does not tell: its polls are believed.
        this.#unanswered = 0;
        this.#transition('found');
        return;
      }
      this.#unanswered += 1;
      this.#isOpenEnded = hasCode(thrown, 'ROLLCALL_TIMEOUT');
      if (this.#leadership !== 'silent') this.#lastTrialAt = clock.now();
      const { isLocal, random } = this.#plan;
      this.#silentPauseMs = jitteredPauseMs(backoffFor(asError(thrown), isLocal), this.#unanswered, random);
      this.#transition('unanswered');
    }
  }

  get #mayTry(): boolean {
    return this.#leadership === 'silent' && this.#isOpenEnded;
  }

  get #pauseMs(): number {
    switch (this.#leadership) {
      case 'silent':
        return this.#silentPauseMs;
      case 'leaderless':
        return LEADERLESS_EVERY_MS;
      case 'suspected':
        return 0;
      case 'led':
        return LOOK_EVERY_MS;
    }
  }

  #transition(event: LeadershipEvent): void {
    const next = leadershipTransitions[this.#leadership][event];
    if (next === undefined) return;
    this.#leadership = next;
    for (const listener of [...this.#listeners]) listener();
  }
}
