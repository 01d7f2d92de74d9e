import type { Discovery } from './discovery.js';
import type { HealthReport, HealthStatus } from './health-report.js';
import type { InstanceKey, RegistryCheck, ServiceInstance } from './service-instance.js';
import type { Credentials } from './credentials.js';
import type { WorkerSpec } from './worker-spec.js';

/**
 * A place to register. Implementations are verbs without loops: one request a verb (or one held poll), no timer, retry,
 * signal or log line. Each verb honours its `AbortSignal`, which carries the deadline, and rejects with an error of `errors.ts`:
 * `RegistryUnavailableError` (retryable), `RegistryRejectedError`, `RegistryDeniedError`, `RegistrationLostError`.
 */
export interface Registry {
  /** Shown in logs, errors and `status()`. */
  readonly name: string;
  /** Reached over loopback or the file system: retries may be quick. */
  readonly isLocal: boolean;
  /** The registry fills in an absent address with that of its own host: an agent beside the app. */
  readonly suppliesAddress: boolean;
  /** What is allowed but worth a person's attention; told at each start. */
  readonly warnings?: readonly string[];
  /** What it proves itself with, where that may be replaced while it runs. */
  readonly credentials?: Credentials | undefined;
  /** Where it is reached; absent when that is no place in a network. */
  readonly endpoint?: RegistryEndpoint | undefined;
  /** How long its verbs may take. @default 5 s, and 60 s for a held poll */
  readonly deadlines?: Deadlines;
  /** It makes the probes of `ServiceInstance.checks`; others keep nothing of them. */
  readonly probes?: boolean;
  /** Seen on this host alone: an entry that a chain had to leave here does not count as listed. */
  readonly hostLocal?: boolean;
  /** A composition that knows of writes which were cut off and may still arrive says so here. */
  readonly inDoubt?: boolean;
  /**
   * There only where an entry is shared, as by the workers of a cluster: all that one of them can do is to leave it. True once we have, and others go
   * on serving under it on our port: new connections are theirs.
   */
  readonly handedOver?: boolean | undefined;
  /** Of a composition: its registries, the preferred one first. */
  readonly members?: readonly MemberFigures[] | undefined;
  /** What it holds under our id; undefined only when it certainly holds nothing ("may not read" is an error). */
  read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined>;
  /** Writes or overwrites the entry. It is not listed as passing before the first `renew` has said so. Also serves an update. */
  register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration>;
  /** Removes the entry; absent is success, and an entry with another nonce than `key.nonce` is left alone, as success. */
  remove(key: InstanceKey, signal: AbortSignal): Promise<void>;
  /**
   * Puts the entry into maintenance for `reason`, or lifts that (undefined): whatever heartbeats say, it is out of traffic meanwhile. An entry
   * that is absent, or has another nonce than `key.nonce`, is left alone, as success. Left out by a registry without maintenance: there
   * a heartbeat in `maintenance` alone takes the entry out of traffic.
   */
  readonly maintain?:
    ((key: InstanceKey, reason: string | undefined, signal: AbortSignal) => Promise<void>) | undefined;
  readonly discovery?: Discovery | undefined;
  /** How a worker thread builds the same registry; absent: it works on the main thread only. */
  readonly workerSpec?: WorkerSpec | undefined;
  /** Of a composition: another client of ours has registered this instance. Any member may have it; `holder` is who was sent its heartbeats. */
  adopt?(instance: ServiceInstance, holder: string | undefined): void;
  /** Frees sockets and watchers; the verbs reject afterwards. */
  close(): Promise<void>;
}

/** In milliseconds. A heartbeat gets less where its interval is short. */
export interface Deadlines {
  /** For a request that is answered at once. */
  readonly requestMs: number;
  /** For one that is held until there is news. */
  readonly heldMs: number;
}

/** How one registry of a composition has been answering; safe to print. */
export interface MemberFigures {
  readonly name: string;
  /** `good`: it answers; `failing`: not just now, within the patience it is given; `out`: passed over until a trial succeeds. */
  readonly state: 'good' | 'failing' | 'out';
  /** Round trip of its latest answers, smoothed, in milliseconds; undefined before the first. */
  readonly roundTripMs: number | undefined;
}

/** A host name or IP, and its port. */
export interface RegistryEndpoint {
  readonly host: string;
  readonly port: number;
}

/** The receipt a registry gives for an entry. */
export interface Registration {
  /** Who really holds it now: a chain answers with its member. */
  holder(): string;
  /** Of a chain: how many registries are preferred to the one that holds it. */
  level?(): number;
  /** True while the holder is seen on this host alone although others were wanted: not listed, whatever heartbeats are accepted. */
  provisional?(): boolean;
  /** True once it was written with credentials that others have taken the place of: it has to be written again, before the registry forgets them. */
  hasStaleCredentials?(): boolean;
  /** Heartbeat with the current health. Rejects with `RegistrationLostError` when the entry is gone. */
  renew(report: HealthReport, signal: AbortSignal): Promise<Renewal>;
  /** One long poll: resolves when the entry is worth a look. */
  changed?(signal: AbortSignal): Promise<void>;
  /** How to look for it together with others, where that can be done. */
  readonly presence?: Presence | undefined;
  /** Removes the entry, if it is still ours; already gone is success. */
  deregister(signal: AbortSignal): Promise<void>;
}

/** A look for many entries with one request. */
export interface Presence {
  /** Who has the same place sees the same: one registry, with the same rights. Safe to print. */
  readonly place: string;
  /** Nonces of entries that it shows, those of `keys` among them. One that is not shown may be absent, or hidden from us: that proves nothing unless it was shown before. */
  present(keys: readonly InstanceKey[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}

export interface Renewal {
  /** What the registry granted: how long the entry lives from now on without another heartbeat. */
  readonly ttlMs: number;
  /** Asks for the next beat earlier than the schedule would. */
  readonly nextBeatInMs?: number;
}

/** An entry as the registry holds it. */
export interface Entry {
  readonly instance: EntryInstance;
  /** The worst of all its checks. */
  readonly status: HealthStatus;
  readonly checks: readonly EntryCheck[];
  /** Set while somebody keeps it out of traffic on purpose. */
  readonly maintenance?: { readonly reason: string };
}

/** What can be read back of an instance; `nonce` is absent when something else wrote the entry. */
export type EntryInstance = Pick<ServiceInstance, 'name' | 'id' | 'address' | 'port' | 'tags' | 'meta' | 'weights'> & {
  readonly nonce?: string;
  /** Set when the tags are there for others to change (Consul's `EnableTagOverride`). */
  readonly tagsOverridable?: boolean;
};

export interface EntryCheck {
  readonly id: string;
  /** Which of our own probes it is; absent for the heartbeat's check and for those that others added. */
  readonly kind?: RegistryCheck['kind'];
  readonly status: HealthStatus;
  readonly output: string;
  /** For one of our own probes that cannot pass as it is set up: what to change. */
  readonly advice?: string;
}
