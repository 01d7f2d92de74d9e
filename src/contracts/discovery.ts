import type { HealthStatus } from './health-report.js';
import type { InstanceKey, ServiceInstance } from './service-instance.js';

/** A reader's position in a registry's history; opaque, pass it back unchanged. */
export type Cursor = string;

/** An instance as readers see it. */
export type DiscoveredInstance = Pick<
  ServiceInstance,
  'name' | 'id' | 'address' | 'port' | 'tags' | 'meta' | 'weights'
> & {
  readonly nonce?: string;
  readonly status: HealthStatus;
  /** Where it is registered. @default the registry does not tell */
  readonly datacenter?: string;
};

/** The answer to a poll. */
export interface Listing {
  instances: DiscoveredInstance[];
  cursor?: Cursor;
  /** The registry has no leader, so the answer may be old. */
  stale?: boolean;
  /** With `stale`: how long ago the member that answered last heard from a leader. @default not known */
  staleMs?: number;
  /** How long it took to take in a large answer. The next poll waits accordingly. @default next to nothing */
  costMs?: number;
  /**
   * Without a cursor: the answer counts for so long, five minutes at most, and the next poll comes shortly before that
   * is over.
   * @default a second
   */
  freshForMs?: number;
  /** The registry's history begins anew, as after a restore: what it lacks may be lost instead of gone. */
  restarted?: boolean;
  /** The registry lists no instance, and knows that there was one. */
  hadInstances?: boolean;
  /**
   * The registry's revision at which the answer was true: a watch goes on from there. Without it a watch gives hints
   * only, and the caller polls beside it.
   */
  revision?: number;
}

/** A service to watch. */
export interface WatchedFrom {
  readonly service: string;
  /** Of its listing: changes after that revision are news; undefined: hints are enough. */
  readonly revision: number | undefined;
}

/** What a watch of a registry tells. */
export type RegistryNews =
  /** Everything that changes from now on is told. `revision` is that of the registry; undefined: hints only. */
  | { readonly kind: 'open'; readonly revision?: number | undefined }
  /** At this revision, instances of a service were written or removed. Each revision of a service is told at once. */
  | {
      readonly kind: 'changed';
      readonly service: string;
      readonly revision: number;
      readonly present: readonly DiscoveredInstance[];
      /** By id. */
      readonly gone: readonly string[];
    }
  /**
   * The service may have changed, and a poll shows how. With a revision it has not if a change of the service comes
   * at that same revision.
   */
  | { readonly kind: 'hint'; readonly service: string; readonly revision?: number }
  /** The registry has forgotten what changed since the revision of the service. */
  | { readonly kind: 'lost'; readonly service: string };

/** What to read beside the name of a service. */
export interface ReadOptions {
  /** Another datacenter than that of the registry. */
  readonly datacenter?: string;
  /** `stale`: any member may answer, which it can do without a leader too. @default the registry's own */
  readonly consistency?: 'stale';
  /** The instances of the last answer to this reader: where they are unchanged, the next one may have them again. */
  readonly known?: readonly DiscoveredInstance[];
}

/** What a feed shows of the services of a registry. */
export interface FeedPage {
  readonly cursor: Cursor;
  /** By service: a text that is another one after a change that the feed shows. */
  readonly services: ReadonlyMap<string, string>;
  /** Another text after a change that may be any service's. */
  readonly rest: string;
  /** As in `Listing`. */
  readonly restarted?: boolean;
}

/** One long poll that tells which services of a registry have changed. */
export interface ChangeFeed {
  /** With a cursor it ends at a change that the feed shows, or at the registry's own timeout. */
  poll(cursor: Cursor | undefined, signal: AbortSignal): Promise<FeedPage>;
}

/** Fixed properties of the read side of a registry. */
export interface DiscoveryTraits {
  /** Heeds `ReadOptions.datacenter`. @default false */
  readonly datacenters?: boolean;
  /** How many long polls it can hold at once; readers of more services poll. @default no limit */
  readonly longPolls?: number;
  /**
   * Tells its services from others of the same names at the same endpoint, e.g. the namespace or the directory; safe to
   * print. @default none
   */
  readonly scope?: string;
}

/** The read side of a registry. */
export interface Discovery {
  readonly traits?: DiscoveryTraits | undefined;
  /**
   * Reads every instance of a service, whatever its status. With a cursor it is a long poll, which ends at a change
   * or at the registry's own timeout. Without a cursor in the answer the registry has no long poll, and the caller
   * polls.
   */
  poll(service: string, cursor: Cursor | undefined, signal: AbortSignal, options?: ReadOptions): Promise<Listing>;
  /**
   * Reads one instance as its readers see it, by one request; undefined if they do not. Omitted where only the list
   * shows that.
   */
  find?(key: InstanceKey, signal: AbortSignal): Promise<DiscoveredInstance | undefined>;
  /**
   * Whether the registry has a leader now, by one request that is answered at once in either case. Omitted where a
   * registry has none, or answers no poll without one.
   */
  hasLeader?(signal: AbortSignal): Promise<boolean>;
  /**
   * Together they show any change of a service, for readers of more services than there are long polls. Each takes one
   * of `traits.longPolls`. Omitted where there are as many long polls as readers need.
   */
  readonly feeds?: readonly ChangeFeed[] | undefined;
  /**
   * Follows services over one connection and tells the news of them in order, the first of which is `open`. Resolves
   * when the registry ends the connection, and rejects when it breaks, or with the signal's reason. Omitted by a
   * registry that tells nothing by itself.
   */
  watch?(services: readonly WatchedFrom[], onNews: (news: RegistryNews) => void, signal: AbortSignal): Promise<void>;
}
