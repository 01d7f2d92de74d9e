import type { Departure, DepartureRequest } from './departure.js';
import type { Discovery } from './discovery.js';
import type { HealthReport, HealthStatus } from './health-report.js';
import type { InstanceKey, RegistryCheck, ServiceInstance } from './service-instance.js';
import type { Credentials } from './credentials.js';
import type { WorkerSpec } from './worker-spec.js';

/**
 * A place to register. Implementations are verbs without loops: each verb is one request or one long poll, without
 * timer, retry, signal handler or log line. Each verb honours its `AbortSignal`, which carries the deadline. It
 * rejects with `RegistryUnavailableError` (retryable), `RegistryRejectedError`, `RegistryDeniedError` or
 * `RegistrationLostError`.
 */
export interface Registry {
  /** Shown in logs, errors and `status()`. */
  readonly name: string;
  /** Fixed properties of the registry. */
  readonly traits: RegistryTraits;
  /** Allowed but risky settings; each start emits them as warnings. */
  readonly warnings?: readonly string[];
  /** Credentials that may be replaced at run time, if any. */
  readonly credentials?: Credentials | undefined;
  /** The network endpoint; absent when the registry has none. */
  readonly endpoint?: RegistryEndpoint | undefined;
  /** Deadlines of its verbs. @default 5 s, and 60 s for a long poll */
  readonly deadlines?: Deadlines;
  /**
   * Reads the entry under this id. Undefined only when the registry certainly holds none; a missing right to read is
   * an error.
   */
  read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined>;
  /**
   * Gets ready to register an instance, e.g. by a lease for it. Called beside the first look at its entry, so that a
   * registration takes fewer round trips; `register` may follow without it, and it without `register`.
   */
  prepare?(instance: ServiceInstance, signal: AbortSignal): Promise<void>;
  /**
   * Writes or overwrites the entry; also used for updates. The entry passes only after the first passing `renew`. Of
   * `report`, only the status `maintenance` matters here.
   */
  register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration>;
  /** Removes the entry. Succeeds when it is absent, or when its nonce differs from `key.nonce`: that entry stays. */
  remove(key: InstanceKey, signal: AbortSignal): Promise<void>;
  /**
   * Puts the entry into maintenance for `reason`, or lifts maintenance (undefined). Maintenance keeps the entry out
   * of traffic whatever heartbeats report. Succeeds without effect when the entry is absent or its nonce differs from
   * `key.nonce`. A registry without maintenance omits this; there a heartbeat with status `maintenance` takes the
   * entry out of traffic.
   */
  readonly maintain?:
    ((key: InstanceKey, reason: string | undefined, signal: AbortSignal) => Promise<void>) | undefined;
  readonly discovery?: Discovery | undefined;
  /** What a client in another thread needs to know, so that it can leave without a look. */
  readonly receipts?: Receipts | undefined;
  /**
   * Describes how to leave from the process's 'exit' event, one departure for each place that may hold the entry. Sends
   * nothing and returns at once; called once. A registry that omits this leaves the entry to its TTL.
   */
  readonly departures?: ((request: DepartureRequest) => readonly Departure[]) | undefined;
  /** How a worker thread builds the same registry; absent when it works on the main thread only. */
  readonly workerSpec?: WorkerSpec | undefined;
  /**
   * Frees connections and watchers; verbs in flight reject soon. May be called again. A Registrar calls no verb
   * afterwards: the core's guard refuses them, so a registry needs no check of its own.
   */
  close(): Promise<void>;
}

/** What a client knows of the entries that it wrote, by their nonce: plain data, which can go to another thread. */
export interface Receipts {
  /** Undefined: nothing that helps. */
  of(nonce: string): unknown;
  /** Takes over what another client of the same registry knew. */
  accept(nonce: string, receipt: unknown): void;
}

/** Fixed properties of a registry. */
export interface RegistryTraits {
  /** Reached over loopback or the file system, so that retries may be quick. */
  readonly isLocal: boolean;
  /** Fills in an absent address with its own host's, as an agent beside the app does. */
  readonly suppliesAddress: boolean;
  /** Runs the checks of `ServiceInstance.checks`; other registries ignore them. @default false */
  readonly probes?: boolean;
  /** Visible on this host only: an entry that a chain falls back to here does not count as listed. @default false */
  readonly hostLocal?: boolean;
  /** Visible in this process only, so that no caller comes by it and a stop needs no drain. @default false */
  readonly inProcess?: boolean;
  /** Takes no registrations: it is for resolvers alone. @default false */
  readonly readOnly?: boolean;
}

/** In milliseconds. A heartbeat with a short interval gets less. */
export interface Deadlines {
  /** For a request that is answered at once. */
  readonly requestMs: number;
  /** For a long poll. */
  readonly heldMs: number;
}

/** A host name or IP, and its port. */
export interface RegistryEndpoint {
  readonly host: string;
  readonly port: number;
}

/** A registry's receipt for an entry. */
export interface Registration {
  /** The registry that holds the entry now; a chain names its member. */
  holder(): string;
  /** For a chain: how many registries are preferred to the holder. */
  level?(): number;
  /**
   * True while only this host sees the entry although others should: it does not count as listed, even when beats are
   * accepted.
   */
  provisional?(): boolean;
  /**
   * True once newer credentials replaced those that wrote the entry: it must be written again before the registry
   * rejects the old ones.
   */
  hasStaleCredentials?(): boolean;
  /** Sends a heartbeat with the current health. Rejects with `RegistrationLostError` when the entry is gone. */
  renew(report: HealthReport, signal: AbortSignal): Promise<Renewal>;
  /** One long poll: resolves when the entry may have changed. */
  changed?(signal: AbortSignal): Promise<void>;
  /** Checks this entry together with others in one request, where the registry can. */
  readonly presence?: Presence | undefined;
  /** Removes the entry if it is still ours; succeeds when it is gone already. */
  deregister(signal: AbortSignal): Promise<void>;
}

/** Checks many entries with one request. */
export interface Presence {
  /** Identifies the registry and the rights of the request: equal places see equal entries. Safe to print. */
  readonly place: string;
  /**
   * Resolves to the nonces of visible entries, including those of `keys`. An entry that is missing may be absent or
   * hidden by missing rights: its absence is proof only if it was visible before.
   */
  present(keys: readonly InstanceKey[], signal: AbortSignal): Promise<ReadonlySet<string>>;
}

/** The answer to a heartbeat. */
export interface Renewal {
  /** How long the entry lives from now on without another heartbeat, as the registry granted it. */
  readonly ttlMs: number;
  /** Requests the next beat earlier than scheduled. */
  readonly nextBeatInMs?: number;
}

/** An entry as the registry holds it. */
export interface Entry {
  readonly instance: EntryInstance;
  /** The worst of all its checks. */
  readonly status: HealthStatus;
  /** What the last heartbeat said, where probes and others' checks can make `status` differ. */
  readonly heartbeat?: HealthStatus;
  readonly checks: readonly EntryCheck[];
  /** Set while the entry is out of traffic on purpose. */
  readonly maintenance?: { readonly reason: string };
}

/** The instance as read back; `nonce` is absent when another program wrote the entry. */
export type EntryInstance = Pick<ServiceInstance, 'name' | 'id' | 'address' | 'port' | 'tags' | 'meta' | 'weights'> & {
  readonly nonce?: string;
  /** Set when others may change the tags (Consul's `EnableTagOverride`). */
  readonly tagsOverridable?: boolean;
};

/** One check of an entry. */
export interface EntryCheck {
  readonly id: string;
  /** The kind of our own probe; absent for the heartbeat's check and for checks that others added. */
  readonly kind?: RegistryCheck['kind'];
  readonly status: HealthStatus;
  readonly output: string;
  /** What to change about a probe of ours that cannot pass as configured. */
  readonly advice?: string;
}
