import type { DiscoveredInstance, Listing, ReadOptions } from '../contracts/discovery.js';
import { backoffFor, jitteredPauseMs } from '../core/backoff.js';
import type { Clock } from '../core/clock.js';
import { RegistryUnavailableError, isRegistrarError } from '../core/errors.js';
import type { RegistrarError } from '../core/errors.js';
import { longPoll } from '../core/long-poll.js';
import { SourcePoll } from './source-poll.js';
import type { Source } from './source-poll.js';
import { watchTransitions } from './watch-state.js';
import type { WatchState, WatchTransition } from './watch-state.js';

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
  readonly #poll: SourcePoll;
  #state: WatchState = 'connecting';
  #instances: readonly DiscoveredInstance[] | undefined;
  #datacenter: string | undefined;
  #hadInstances = false;
  #answeredAt: number | undefined;
  #isLeaderless = false;
  #troubleAt = -Infinity;
  #staleSince = 0;
  #problem: RegistrarError | undefined;

  constructor(plan: SourceWatchPlan) {
    this.#plan = plan;
    this.#poll = new SourcePoll(plan.source, plan.service, plan.options, plan.clock);
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

  /** Where all instances of an answer were: that of the registry; undefined: none tells. */
  get datacenter(): string | undefined {
    return this.#datacenter;
  }

  /** The service had an instance, as far as the registry knows. */
  get hadInstances(): boolean {
    return this.#hadInstances;
  }

  /** When the registry last confirmed what is known, with a leader; undefined: never as far as is known. */
  get answeredAt(): number | undefined {
    if (this.#answeredAt === undefined) return undefined;
    return Math.max(this.#answeredAt, this.#poll.confirmedAt ?? -Infinity);
  }

  /** The registry answers, although without a leader. */
  get isLeaderless(): boolean {
    return this.#state === 'stale' && this.#isLeaderless;
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
    const { clock, random, source } = this.#plan;
    const poll = this.#poll;
    longPoll<Listing>(
      {
        clock,
        poll: (cursor, signal) => poll.poll(cursor, signal),
        // The polls pace themselves.
        minRoundMs: 0,
        maxRoundMs: 0,
        // Read in each round.
        get pollEveryMs() {
          return poll.everyMs;
        },
        failurePauseMs: (error, failed) => jitteredPauseMs(backoffFor(error, source.isLocal), failed, random),
        onAnswer: (listing) => {
          this.#answered(listing);
        },
        onFailed: (error) => {
          poll.failed(error);
          this.#failed(this.#explained(error));
        },
      },
      this.#controller.signal,
    ).catch(() => undefined);
  }

  close(): void {
    if (!this.#transition('close')) return;
    this.#controller.abort();
    this.#poll.close();
  }

  #answered({ instances, stale = false, staleMs, restarted = false, hadInstances = false }: Listing): void {
    if (this.#state === 'closed') return;
    const now = this.#plan.clock.now();
    this.#instances = instances;
    // An answer without instances does not tell.
    this.#datacenter = commonDatacenter(instances) ?? this.#datacenter;
    this.#hadInstances ||= hadInstances || instances.length > 0;
    if (stale) {
      // A member that hears from no leader knows what that one knew last.
      if (staleMs !== undefined) this.#answeredAt = Math.max(this.#answeredAt ?? -Infinity, now - staleMs);
      this.#failed(this.#leaderless(), true);
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

  #failed(error: RegistrarError, isLeaderless = false): void {
    if (this.#state === 'closed') return;
    const now = this.#plan.clock.now();
    this.#troubleAt = now;
    this.#problem = error;
    this.#isLeaderless = isLeaderless;
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

function commonDatacenter([first, ...others]: readonly DiscoveredInstance[]): string | undefined {
  return others.every(({ datacenter }) => datacenter === first?.datacenter) ? first?.datacenter : undefined;
}
