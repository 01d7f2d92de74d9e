import type { Cursor, Discovery, Listing, ReadOptions } from '../contracts/discovery.js';
import type { Clock } from '../core/clock.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { ChangeFollower, FollowedService } from './change-follower.js';
import type { LeaderMonitor } from './leader-monitor.js';
import type { LongPollPart, LongPollShare } from './long-poll-share.js';
import type { ServiceStream } from './service-stream.js';
import { POLL_EVERY_MS, POLL_PACE } from './poll-pace.js';
import { StreamPoll } from './stream-poll.js';
import { untilGivenUp } from './until-given-up.js';

/** A registry to read. */
export interface Source {
  readonly name: string;
  readonly discovery: Discovery;
  /** Reached over loopback or the file system, so that retries may be quick. */
  readonly isLocal: boolean;
  /** Heeds `ReadOptions.datacenter`. @default false */
  readonly hasDatacenters?: boolean;
  readonly longPolls: LongPollShare;
  /** Undefined where the registry does not tell whether it has a leader. */
  readonly leader?: LeaderMonitor | undefined;
  /** Undefined where the registry has no feeds. */
  readonly follower?: ChangeFollower | undefined;
  /** Undefined where the registry does not tell what changes. */
  readonly stream?: ServiceStream | undefined;
}

/** After a large answer, a pause of so many times of what it took to take it in. */
const REST = 10;
/** An answer that counts for some time is asked for again after so much of it. */
const REFRESH_AHEAD = 0.8;

/**
 * Polls one service as its registry permits at the moment: by a long poll of its own, when a feed names it, as a stream
 * tells it, or, without a leader, what any member knows.
 */
export class SourcePoll {
  readonly #source: Source;
  readonly #service: string;
  readonly #options: ReadOptions;
  readonly #clock: Clock;
  readonly #leave: readonly (() => void)[];
  readonly #followed: FollowedService | undefined;
  /** Undefined where no stream tells what changes. */
  readonly #streamed: StreamPoll | undefined;
  readonly #pace: TokenBucket;
  #part: LongPollPart | undefined;
  /** True until what is known is a leader's answer to the last poll. */
  #isDue = true;
  #staleReadAt: number | undefined;
  #waitsSince: number | undefined;
  #last: Pick<Listing, 'instances' | 'freshForMs'> | undefined;
  /** When the next poll may begin. */
  #notBefore = -Infinity;

  constructor(source: Source, service: string, options: ReadOptions, clock: Clock) {
    this.#source = source;
    this.#service = service;
    this.#options = options;
    this.#clock = clock;
    this.#pace = new TokenBucket(clock, POLL_PACE);
    this.#leave = source.leader === undefined ? [] : [source.leader.join(), source.leader.staleReads.join()];
    // The feeds show the registry's own datacenter only.
    this.#followed = options.datacenter === undefined ? source.follower?.join(service) : undefined;
    const { discovery, stream } = source;
    if (stream !== undefined && options.datacenter === undefined)
      this.#streamed = new StreamPoll({ discovery, stream, service, options, clock });
    this.#choosePart();
  }

  /** The interval of polls that are no long polls. */
  get everyMs(): number {
    return Math.max(this.#part?.everyMs() ?? POLL_EVERY_MS, REFRESH_AHEAD * (this.#last?.freshForMs ?? 0));
  }

  /** When the feeds last showed that nothing has changed since the last answer. */
  get confirmedAt(): number | undefined {
    if (this.#waitsSince === undefined) return undefined;
    const { confirmedAt } = this.#source.follower ?? {};
    return confirmedAt === undefined || confirmedAt < this.#waitsSince ? undefined : confirmedAt;
  }

  async poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<Listing> {
    try {
      const listing = await this.#poll(cursor, signal);
      this.#last = listing;
      this.#notBefore = this.#clock.now() + REST * (listing.costMs ?? 0);
      this.#isDue = listing.stale === true;
      if (listing.stale === true) this.#source.leader?.suspect();
      else this.#source.leader?.pollAnswered();
      return listing;
    } catch (error) {
      this.#isDue = true;
      throw error;
    }
  }

  /** A poll failed. */
  failed(error: Error): void {
    this.#source.leader?.pollFailed(error);
  }

  /** Called once. */
  close(): void {
    this.#followed?.leave();
    this.#streamed?.close();
    this.#part?.leave();
    this.#part = undefined;
    for (const leave of this.#leave) leave();
  }

  async #poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<Listing> {
    const { leader } = this.#source;
    for (let at = cursor; ; at = undefined) {
      this.#choosePart();
      if (leader !== undefined && (await leader.settled(signal)) === 'leaderless') {
        const listing = await this.#pollStale(leader, signal);
        if (listing !== undefined) return listing;
      } else {
        this.#staleReadAt = undefined;
        const listing = await untilGivenUp(
          signal,
          (giveUp) => this.#onGivenUp(giveUp),
          async (bounded) => {
            await this.#rest(bounded);
            if (this.#isFollowed) return this.#pollInTurn(bounded);
            return this.#streamed?.poll(at, bounded) ?? this.#pollAlone(at, bounded);
          },
        );
        if (listing !== undefined) return listing;
      }
      this.#isDue = true;
    }
  }

  async #rest(signal: AbortSignal): Promise<void> {
    const ms = this.#notBefore - this.#clock.now();
    if (ms > 0) await this.#clock.sleep(ms, signal);
  }

  /** A long poll as soon as there is a cursor. */
  async #pollAlone(cursor: Cursor | undefined, signal: AbortSignal): Promise<Listing> {
    await this.#pace.take(signal);
    const { cursor: next, ...listing } = await this.#read(cursor, signal);
    return { ...listing, ...(next !== undefined && this.#part?.mayHold() === true && { cursor: next }) };
  }

  /** Waits until the feeds tell of a change. The cursor says that no pause is needed before the next poll. */
  async #pollInTurn(signal: AbortSignal): Promise<Listing> {
    if (!this.#isDue) this.#waitsSince = this.#clock.now();
    try {
      const turn = await this.#followed?.part.turn(this.#isDue, signal);
      try {
        const listing = await this.#read(undefined, signal);
        return { ...listing, ...(turn?.restarted === true && { restarted: true }) };
      } finally {
        turn?.end();
      }
    } finally {
      this.#waitsSince = undefined;
    }
  }

  /** Undefined: there may be a leader again. */
  async #pollStale(leader: LeaderMonitor, signal: AbortSignal): Promise<Listing | undefined> {
    const { staleReads } = leader;
    if (this.#staleReadAt !== undefined) {
      await leader.untilFound(signal, this.#staleReadAt + staleReads.everyMs - this.#clock.now());
      if (leader.leadership !== 'leaderless') return undefined;
    }
    this.#staleReadAt = this.#clock.now();
    const read = () => this.#read(undefined, signal, 'stale');
    const { cursor: _none, ...listing } = await staleReads.run(signal, read);
    return { ...listing, stale: true };
  }

  #read(cursor: Cursor | undefined, signal: AbortSignal, consistency?: 'stale'): Promise<Listing> {
    const known = this.#last?.instances;
    const options = { ...this.#options, ...(consistency && { consistency }), ...(known && { known }) };
    return this.#source.discovery.poll(this.#service, cursor, signal, options);
  }

  get #isFollowed(): boolean {
    return this.#followed !== undefined && this.#source.follower?.isActive === true;
  }

  /** Has a part of the long polls only while the service may take one. */
  #choosePart(): void {
    if (this.#isFollowed) {
      this.#part?.leave();
      this.#part = undefined;
    } else {
      this.#part ??= this.#source.longPolls.join();
    }
  }

  #onGivenUp(giveUp: () => void): () => void {
    const { leader, follower } = this.#source;
    const ends = [leader?.onLost(giveUp), this.#followed && follower?.onSwitched(giveUp)];
    return () => {
      for (const end of ends) end?.();
    };
  }
}
