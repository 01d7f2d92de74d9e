import type { DiscoveredInstance, Discovery, Listing, ReadOptions } from '../contracts/discovery.js';
import { backoffFor, jitteredPauseMs } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { RegistryUnavailableError, isRegistrarError } from '../core/errors.js';
import type { RegistrarError } from '../core/errors.js';
import { longPoll } from '../core/long-poll.js';
import { TokenBucket } from '../core/token-bucket.js';
import type { LongPollPart, LongPollShare } from './long-poll-share.js';
import type { ServiceStream } from './service-stream.js';
import { StreamPoll } from './stream-poll.js';
import { watchTransitions } from './watch-state.js';
import type { WatchState, WatchTransition } from './watch-state.js';

/** As Consul's own clients pace their watches: a few changes are seen at once, a stream of them each second. */
const PACE = { burst: 2, refillMs: 1_000 };

/** A registry to read. */
export interface Source {
  readonly name: string;
  readonly discovery: Discovery;
  /** Reached over loopback or the file system, so that retries may be quick. */
  readonly isLocal: boolean;
  /** Heeds `ReadOptions.datacenter`. @default false */
  readonly hasDatacenters?: boolean;
  readonly longPolls: LongPollShare;
  /** Follows its services, where the registry tells what changes. */
  readonly stream?: ServiceStream | undefined;
}

export interface SourceWatchPlan {
  readonly source: Source;
  readonly service: string;
  readonly options: ReadOptions;
  readonly clock: Clock;
  readonly random: () => number;
  /** Called after each poll; the watch has the new facts already. */
  readonly onPolled: (event: PollEvent) => void;
}

/** The outcome of a poll: `answered`, or what it changed about the state. */
export type PollEvent =
  | { readonly kind: 'answered' }
  | { readonly kind: 'recovered'; readonly afterMs: number }
  | { readonly kind: 'stale'; readonly error: RegistrarError }
  | { readonly kind: 'failed' };

/** Follows one service in one registry until it is closed, whatever the registry does. */
export class SourceWatch {
  readonly #plan: SourceWatchPlan;
  readonly #controller = new AbortController();
  readonly #part: LongPollPart;
  /** Undefined where no stream tells what changes. */
  readonly #streamed: StreamPoll | undefined;
  #state: WatchState = 'connecting';
  #instances: readonly DiscoveredInstance[] | undefined;
  #hadInstances = false;
  #answeredAt: number | undefined;
  #troubleAt = -Infinity;
  #staleSince = 0;
  #problem: RegistrarError | undefined;

  constructor(plan: SourceWatchPlan) {
    this.#plan = plan;
    this.#part = plan.source.longPolls.join();
    const { source, service, options, clock } = plan;
    const { discovery, stream } = source;
    if (stream !== undefined && options.datacenter === undefined)
      this.#streamed = new StreamPoll({ discovery, stream, service, options, clock });
  }

  get source(): Source {
    return this.#plan.source;
  }

  get name(): string {
    return this.#plan.source.name;
  }

  get state(): WatchState {
    return this.#state;
  }

  /** The last answer; undefined before the first. */
  get instances(): readonly DiscoveredInstance[] | undefined {
    return this.#instances;
  }

  /** The service had an instance, as far as the registry knows. */
  get hadInstances(): boolean {
    return this.#hadInstances;
  }

  /** When the registry last answered with a leader. */
  get answeredAt(): number | undefined {
    return this.#answeredAt;
  }

  /** When the registry was last not sound: a poll failed, it had no leader, or its history began anew. */
  get troubleAt(): number {
    return this.#troubleAt;
  }

  /** Why the last poll failed; undefined if it did not. */
  get problem(): RegistrarError | undefined {
    return this.#problem;
  }

  start(): void {
    const { clock, random, source, service, options } = this.#plan;
    const part = this.#part;
    const streamed = this.#streamed;
    longPoll<Listing>(
      {
        clock,
        poll: async (cursor, signal) => {
          if (streamed !== undefined) return streamed.poll(cursor, signal);
          const listing = await source.discovery.poll(service, cursor, signal, options);
          return part.mayHold() ? listing : withoutCursor(listing);
        },
        ...(streamed === undefined && { pace: new TokenBucket(clock, PACE) }),
        // The bucket alone decides how soon the next poll may start.
        minRoundMs: 0,
        maxRoundMs: 0,
        // Read in each round.
        get pollEveryMs() {
          return part.everyMs();
        },
        failurePauseMs: (error, failed) => jitteredPauseMs(backoffFor(error, source.isLocal), failed, random),
        onAnswer: (listing) => {
          this.#answered(listing);
        },
        onFailed: (error) => {
          this.#failed(this.#explained(error));
        },
      },
      this.#controller.signal,
    ).catch(() => undefined);
  }

  close(): void {
    if (!this.#transition('close')) return;
    this.#part.leave();
    this.#controller.abort();
    this.#streamed?.close();
  }

  #answered({ instances, stale = false, restarted = false, hadInstances = false }: Listing): void {
    if (this.#state === 'closed') return;
    const now = this.#plan.clock.now();
    this.#instances = instances;
    this.#hadInstances ||= hadInstances || instances.length > 0;
    if (stale) {
      this.#failed(this.#leaderless());
      return;
    }
    if (this.#state === 'stale' || restarted) this.#troubleAt = now;
    this.#answeredAt = now;
    this.#problem = undefined;
    const before = this.#state;
    this.#transition('answered');
    this.#plan.onPolled(
      before === 'stale' ? { kind: 'recovered', afterMs: now - this.#staleSince } : { kind: 'answered' },
    );
  }

  #failed(error: RegistrarError): void {
    if (this.#state === 'closed') return;
    const now = this.#plan.clock.now();
    this.#troubleAt = now;
    this.#problem = error;
    if (!this.#transition('failed')) {
      this.#plan.onPolled({ kind: 'failed' });
      return;
    }
    this.#staleSince = now;
    this.#plan.onPolled({ kind: 'stale', error });
  }

  /** False if the state allows no such transition. */
  #transition(transition: WatchTransition): boolean {
    const next = watchTransitions[this.#state][transition];
    if (next === undefined) return false;
    this.#state = next;
    return true;
  }

  #explained(error: Error): RegistrarError {
    if (isRegistrarError(error)) return error;
    const { name } = this.#plan.source;
    return new RegistryUnavailableError(`${name} failed while ${this.#plan.service} was read: ${error.message}`, {
      registry: name,
      operation: 'discover',
      cause: error,
    });
  }

  #leaderless(): RegistrarError {
    const { name } = this.#plan.source;
    return new RegistryUnavailableError(
      `${name} has no leader, so what it says of ${this.#plan.service} may be old: check its servers`,
      { registry: name, operation: 'discover', answered: true },
    );
  }
}

function withoutCursor({ cursor: _cursor, ...listing }: Listing): Listing {
  return listing;
}
