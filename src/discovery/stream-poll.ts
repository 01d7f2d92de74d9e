import type { Cursor, Discovery, Listing, ReadOptions } from '../contracts/discovery.js';
import type { Clock } from '../core/clock.js';
import { TokenBucket } from '../core/token-bucket.js';
import { POLL_EVERY_MS, POLL_PACE } from './poll-pace.js';
import type { ServiceStream } from './service-stream.js';
import type { StreamedService } from './streamed-service.js';

/** The next poll waits for the stream. */
const STREAMED: Cursor = 'streamed';

export interface StreamPollPlan {
  readonly discovery: Discovery;
  readonly stream: ServiceStream;
  readonly service: string;
  readonly options: ReadOptions;
  readonly clock: Clock;
}

/**
 * Polls one service where a stream tells what changes: lists it once, then waits for what the stream tells, which is no
 * request and has no pace.
 */
export class StreamPoll {
  readonly #plan: StreamPollPlan;
  readonly #pace: TokenBucket;
  #streamed: StreamedService | undefined;

  constructor(plan: StreamPollPlan) {
    this.#plan = plan;
    this.#pace = new TokenBucket(plan.clock, POLL_PACE);
  }

  /** Resolves to the next answer; lists anew without a cursor. */
  async poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<Listing> {
    try {
      const streamed = this.#streamed;
      if (streamed === undefined || cursor === undefined) {
        this.close();
        return await this.#list(signal);
      }
      const news = await streamed.next(POLL_EVERY_MS, signal);
      if (news === 'changed' || news === 'confirmed') return { instances: streamed.instances, cursor: STREAMED };
      if (news !== 'list') this.close();
      const listing = await this.#list(signal);
      return news === 'restarted' ? { ...listing, restarted: true } : listing;
    } catch (thrown) {
      // What the stream had may be lost: only a list begins anew.
      this.close();
      throw thrown;
    }
  }

  /** Leaves the stream. */
  close(): void {
    this.#streamed?.leave();
    this.#streamed = undefined;
  }

  async #list(signal: AbortSignal): Promise<Listing> {
    const { discovery, stream, service, options } = this.#plan;
    await this.#pace.take(signal);
    const listing = await discovery.poll(service, undefined, signal, options);
    signal.throwIfAborted();
    const streamed = this.#streamed;
    if (streamed === undefined) {
      this.#streamed = stream.follow(service, listing);
      return { ...listing, cursor: STREAMED };
    }
    const restarted = streamed.listed(listing);
    return { ...listing, instances: streamed.instances, cursor: STREAMED, ...(restarted && { restarted }) };
  }
}
