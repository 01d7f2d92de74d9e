import type { ChangeFeed, Cursor, FeedPage } from '../contracts/discovery.js';
import { backoffFor, jitteredPauseMs } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { StoppedError } from '../core/errors.js';
import { longPoll } from '../core/long-poll.js';
import { TokenBucket } from '../core/token-bucket.js';
import { changedServices } from './changed-services.js';
import type { LeaderMonitor } from './leader-monitor.js';
import type { LongPollShare } from './long-poll-share.js';
import { ReadQueue } from './read-queue.js';
import type { QueuePart } from './read-queue.js';
import { SweepPace } from './sweep-pace.js';

/** A page of a feed is small, and says much. */
const PACE = { burst: 4, refillMs: 500 };
/** So many failures in a row, with a leader each time, mean that a feed cannot be used, e.g. for want of rights. */
const MOST_FAILURES = 3;
const UNUSABLE_FOR_MS = 60_000;
/** While there is no leader. */
const WAIT_FOR_LEADER_MS = 10_000;

export interface ChangeFollowerPlan {
  readonly feeds: readonly ChangeFeed[];
  /** Feeds are followed for more services than this. */
  readonly mostAlone: number;
  readonly longPolls: LongPollShare;
  readonly leader: LeaderMonitor | undefined;
  readonly isLocal: boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** A service whose changes the feeds show. */
export interface FollowedService {
  readonly part: QueuePart;
  /** Called once. */
  readonly leave: () => void;
}

/**
 * Follows the changes of a registry where more services are read than it can hold long polls: its feeds name the
 * services that have changed, and only these are read again.
 */
export class ChangeFollower {
  readonly #plan: ChangeFollowerPlan;
  readonly #queue: ReadQueue;
  readonly #sweeps: SweepPace;
  readonly #listeners = new Set<() => void>();
  readonly #pages = new Map<ChangeFeed, { readonly page: FeedPage; readonly at: number }>();
  #running: AbortController | undefined;
  #release: () => void = () => undefined;
  #failures = 0;
  #isUnusable = false;
  #cancelTrial: () => void = () => undefined;

  constructor(plan: ChangeFollowerPlan) {
    this.#plan = plan;
    this.#queue = new ReadQueue(plan.clock);
    this.#sweeps = new SweepPace(plan.clock, (onDone) => {
      this.#queue.sweep(onDone);
    });
  }

  /** True while services are read in turns, as the feeds name them, and not by a long poll each. */
  get isActive(): boolean {
    return this.#running !== undefined;
  }

  /** When all feeds had last shown what has changed; undefined: they do not now. */
  get confirmedAt(): number | undefined {
    if (this.#pages.size < this.#plan.feeds.length) return undefined;
    return Math.min(...[...this.#pages.values()].map(({ at }) => at));
  }

  join(service: string): FollowedService {
    const part = this.#queue.join(service);
    this.#choose();
    return {
      part,
      leave: () => {
        part.leave();
        this.#choose();
      },
    };
  }

  /** Calls `run` when `isActive` changes, until the returned function is called. */
  onSwitched(run: () => void): () => void {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  }

  /** Begins or ends following. */
  #choose(): void {
    const { size } = this.#queue;
    if (size === 0) this.#cancelTrial();
    const shouldRun = size > this.#plan.mostAlone && !this.#isUnusable;
    if (shouldRun === this.isActive) return;
    if (shouldRun) {
      this.#begin();
    } else {
      this.#running?.abort(new StoppedError('the feeds are not needed any more'));
      this.#running = undefined;
      this.#release();
    }
    for (const listener of [...this.#listeners]) listener();
    if (!shouldRun) this.#close(new StoppedError('the feeds are not needed any more'));
  }

  #begin(): void {
    const { feeds, longPolls, clock, random, isLocal } = this.#plan;
    this.#running = new AbortController();
    this.#release = longPolls.reserve(feeds.length);
    this.#failures = 0;
    for (const feed of feeds) {
      longPoll<FeedPage>(
        {
          clock,
          poll: (cursor, signal) => this.#poll(feed, cursor, signal),
          pace: new TokenBucket(clock, PACE),
          minRoundMs: 0,
          maxRoundMs: 0,
          failurePauseMs: (error, failed) => jitteredPauseMs(backoffFor(error, isLocal), failed, random),
          onAnswer: (page) => {
            this.#turned(feed, page);
          },
          onFailed: (error) => {
            this.#failed(feed, error);
          },
        },
        this.#running.signal,
      ).catch(() => undefined);
    }
  }

  async #poll(feed: ChangeFeed, cursor: Cursor | undefined, signal: AbortSignal): Promise<FeedPage> {
    const { leader } = this.#plan;
    if (leader === undefined) return feed.poll(cursor, signal);
    for (let at = cursor; ; at = undefined) {
      while ((await leader.settled(signal)) === 'leaderless') await leader.untilFound(signal, WAIT_FOR_LEADER_MS);
      const page = await leader.whileLed(signal, (bounded) => feed.poll(at, bounded));
      if (page !== undefined) return page;
    }
  }

  #turned(feed: ChangeFeed, page: FeedPage): void {
    const before = this.#pages.get(feed)?.page;
    this.#pages.set(feed, { page, at: this.#plan.clock.now() });
    this.#plan.leader?.pollAnswered();
    if (this.#pages.size < this.#plan.feeds.length) return;
    this.#failures = 0;
    if (page.restarted === true) this.#queue.restart();
    if (before !== undefined) {
      const names = changedServices(before.services, page.services);
      if (names.size > 0) this.#queue.name(names);
      if (before.rest !== page.rest || page.restarted === true) this.#sweeps.request();
    }
    this.#queue.open();
  }

  #failed(feed: ChangeFeed, error: Error): void {
    if (!this.isActive) return;
    this.#pages.delete(feed);
    this.#plan.leader?.pollFailed(error);
    this.#sweeps.reset();
    this.#queue.close(error);
    this.#failures += 1;
    if (this.#failures < MOST_FAILURES * this.#plan.feeds.length) return;
    this.#isUnusable = true;
    this.#choose();
    this.#cancelTrial = this.#plan.clock.after(UNUSABLE_FOR_MS, () => {
      this.#isUnusable = false;
      this.#choose();
    });
  }

  #close(error: Error): void {
    this.#pages.clear();
    this.#sweeps.reset();
    this.#queue.close(error);
  }
}
