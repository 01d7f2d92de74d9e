import type { ChangeFeed, FeedPage, Listing, ReadOptions } from '../../../src/contracts/discovery.js';
import type { Discovery } from '../../../src/index.js';
import { listed } from './scripted-discovery.js';

interface HeldPage {
  readonly cursor: string | undefined;
  readonly resolve: (page: FeedPage) => void;
  readonly reject: (error: Error) => void;
}

/** A registry with two long polls, a feed and a leader. It answers each read at once, and changes as the test says. */
export class FedDiscovery implements Discovery {
  readonly traits = { longPolls: 2 };
  readonly feeds: readonly ChangeFeed[];
  /** Of each plain read, with its consistency. */
  reads: string[] = [];
  /** The services that are held by a long poll of their own. */
  readonly held = new Map<string, () => void>();
  isLed = true;
  /** How long ago the member that answers heard from the leader. */
  staleMs = 3_000;
  costMs: number | undefined;
  failsFeeds: Error | undefined;
  failsReads: Error | undefined;
  #page: HeldPage | undefined;
  #index = 1;

  constructor() {
    this.feeds = [{ poll: (cursor, signal) => this.#feed(cursor, signal) }];
  }

  poll(
    service: string,
    cursor: string | undefined,
    signal: AbortSignal,
    { consistency }: ReadOptions = {},
  ): Promise<Listing> {
    if (cursor !== undefined) return this.#hold(service, signal);
    this.reads.push(consistency === undefined ? service : `${service} ${consistency}`);
    if (this.failsReads !== undefined) return Promise.reject(this.failsReads);
    return Promise.resolve({
      instances: listed(`${service}-1`),
      cursor: '1',
      ...(this.costMs !== undefined && { costMs: this.costMs }),
      ...(consistency === 'stale' && { staleMs: this.staleMs }),
    });
  }

  hasLeader(): Promise<boolean> {
    return Promise.resolve(this.isLed);
  }

  get isFollowed(): boolean {
    return this.#page !== undefined;
  }

  /** The feed answers: these services have changed, or any, or none. */
  turn(changed: readonly string[] | 'any' | 'none', more: Partial<FeedPage> = {}): void {
    if (changed !== 'none') this.#index += 1;
    const page = this.#page;
    this.#page = undefined;
    for (const name of changed === 'any' || changed === 'none' ? [] : changed) this.#versions.set(name, this.#index);
    page?.resolve({ ...this.#current(changed === 'any'), ...more });
  }

  /** The feed fails. */
  fail(error: Error): void {
    const page = this.#page;
    this.#page = undefined;
    page?.reject(error);
  }

  readonly #versions = new Map<string, number>();
  #rest = 0;

  #current(isAny = false): FeedPage {
    if (isAny) this.#rest += 1;
    const services = new Map([...this.#versions].map(([name, version]) => [name, String(version)]));
    return { cursor: String(this.#index), services, rest: String(this.#rest) };
  }

  #feed(cursor: string | undefined, signal: AbortSignal): Promise<FeedPage> {
    if (this.failsFeeds !== undefined) return Promise.reject(this.failsFeeds);
    if (cursor === undefined) return Promise.resolve(this.#current());
    return new Promise((resolve, reject) => {
      this.#page = { cursor, resolve, reject };
      signal.addEventListener('abort', () => {
        this.#page = undefined;
        reject(signal.reason as Error);
      });
    });
  }

  /** The long polls of services end without news. */
  answerHeld(): void {
    for (const end of [...this.held.values()]) end();
  }

  #hold(service: string, signal: AbortSignal): Promise<Listing> {
    return new Promise((resolve, reject) => {
      this.held.set(service, () => {
        this.held.delete(service);
        resolve({ instances: listed(`${service}-1`), cursor: '1' });
      });
      signal.addEventListener('abort', () => {
        this.held.delete(service);
        reject(signal.reason as Error);
      });
    });
  }
}
