import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { Departure, DepartureRequest } from '../../contracts/departure.js';
import type { Discovery, Listing, RegistryNews, WatchedFrom } from '../../contracts/discovery.js';
import { RegistrationLostError } from '../../core/errors.js';
import { isNotServing } from '../../contracts/health-report.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { departed, maintained, registered, renewed, toDiscovered, toEntry } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { Entry, Registration, Registry, RegistryTraits, Renewal } from '../../contracts/registry.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import { ClosableRegistry } from '../../registries/closable-registry.js';
import type { StoredEntry } from './entry-file.js';
import { resolveFileOptions } from './file-options.js';
import type { FileOptions, FileTarget } from './file-options.js';
import type { FileStore } from './file-store.js';

/**
 * A registry without a server: one JSON file per instance, for processes that share a directory. Throws `ConfigError`
 * for options that cannot work. Touches nothing until first use. Leases use wall time, because other processes judge
 * them.
 */
export function file(options: FileOptions = {}): Registry {
  return new ClosableRegistry(new FileRegistry(options, systemClock));
}

/**
 * The registry of `file()`, without the guard against use after `close()`. Its parameters are the clock, and how old
 * the draft of a killed process is.
 */
export class FileRegistry implements Registry {
  readonly name = 'file';
  readonly traits: RegistryTraits = { isLocal: true, suppliesAddress: false, hostLocal: true };
  readonly discovery: Discovery;
  readonly workerSpec: WorkerSpec;
  readonly #target: FileTarget;
  readonly #clock: Clock;
  readonly #abandonedAfterMs: number | undefined;
  #opening: Promise<FileStore> | undefined;
  #store: FileStore | undefined;
  /** Aborts at `close()`, so that calls in flight write nothing more. */
  readonly #closeController = new AbortController();

  constructor(options: FileOptions, clock: Clock, abandonedAfterMs?: number) {
    this.#target = resolveFileOptions(options);
    this.#clock = clock;
    this.#abandonedAfterMs = abandonedAfterMs;
    this.workerSpec = { kind: 'file', options };
    this.discovery = {
      traits: { scope: this.#target.dir },
      poll: (service, _cursor, signal) => this.#list(service, signal),
      watch: (services, onNews, signal) => this.#watch(services, onNews, signal),
    };
  }

  async read({ name, id }: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const store = await this.#begin(signal);
    const stored = await store.read(name, id);
    this.#assertActive(signal);
    return stored && toEntry(stored.leased, store.overdueMs(stored) > 0);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const store = await this.#begin(signal);
    const before = await store.read(instance.name, instance.id);
    await store.write(registered(instance, report, before?.leased), this.#clock.wallTime(), undefined, () =>
      this.#assertActive(signal),
    );
    await this.#reap(store, instance);
    return {
      holder: () => this.name,
      renew: (next, abort) => this.#renew(instance, next, abort),
      deregister: (abort) => this.#removeEntry(keyOf(instance), abort),
    };
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#removeEntry(key, signal);
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    const assertActive = () => this.#assertActive(signal);
    const stored = await store.read(key.name, key.id);
    assertActive();
    if (stored === undefined || (key.nonce !== undefined && stored.leased.instance.nonce !== key.nonce)) return;
    await store.write(maintained(stored.leased, reason), stored.beatAtMs, stored, assertActive);
  }

  departures({ instance, policy }: DepartureRequest): readonly Departure[] {
    const store = this.#store;
    if (store === undefined) return [];
    return [{ kind: 'local', run: () => store.depart(instance, (leased) => departed(leased, policy)) }];
  }

  close(): Promise<void> {
    this.#closeController.abort();
    return Promise.resolve();
  }

  async #renew(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const store = await this.#begin(signal);
    const assertActive = () => this.#assertActive(signal);
    const { name, id, nonce, ttlMs } = instance;
    const stored = await store.read(name, id);
    assertActive();
    if (stored?.leased.instance.nonce !== nonce) throw lost(instance);
    const { instance: found, beat } = stored.leased;
    // Others may have changed the lease in the file, and readers go by it.
    const next = renewed({ ...stored.leased, instance: { ...found, ttlMs } }, report);
    const isChanged = next.beat.status !== beat.status || next.beat.reason !== beat.reason || found.ttlMs !== ttlMs;
    const now = this.#clock.wallTime();
    if (!(isChanged ? await this.#write(store, next, stored, assertActive) : await store.touch(stored, now)))
      throw lost(instance);
    return { ttlMs };
  }

  /** Writes a beat that says something new. On a full disk, a mere reason or warning can wait; not serving cannot. */
  async #write(
    store: FileStore,
    next: LeasedInstance,
    stored: StoredEntry,
    assertActive: () => void,
  ): Promise<boolean> {
    const now = this.#clock.wallTime();
    try {
      return await store.write(next, now, stored, assertActive);
    } catch (thrown) {
      assertActive();
      if (isNotServing(next.beat) || isNotServing(stored.leased.beat)) throw thrown;
      return store.touch(stored, now);
    }
  }

  async #removeEntry(key: InstanceKey, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    if (key.nonce !== undefined) {
      const stored = await store.read(key.name, key.id);
      this.#assertActive(signal);
      if (stored?.leased.instance.nonce !== key.nonce) return;
    }
    await store.remove(key.name, key.id, key.nonce);
  }

  async #list(service: string, signal: AbortSignal): Promise<Listing> {
    const store = await this.#begin(signal);
    const stored = await store.list(service);
    this.#assertActive(signal);
    const instances = stored.filter((entry) => store.overdueMs(entry) <= 0).map(({ leased }) => toDiscovered(leased));
    return instances.length === 0 && (await store.hadInstances(service))
      ? { instances, hadInstances: true }
      : { instances };
  }

  /** Hints only: some file systems tell nothing, and none tells that a lease is over. */
  async #watch(
    services: readonly WatchedFrom[],
    onNews: (news: RegistryNews) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const store = await this.#begin(signal);
    const names = services.map(({ service }) => service);
    const until = AbortSignal.any([signal, this.#closeController.signal]);
    const watching = store.watch(names, (service) => onNews({ kind: 'hint', service }), until);
    onNews({ kind: 'open' });
    await watching;
  }

  /**
   * Removes expired entries and abandoned drafts of the service. There is no server to do it, so each registration
   * does. A courtesy to others: it may fail, e.g. for files of another user, and the registration stands.
   */
  async #reap(store: FileStore, { name, id: own }: ServiceInstance): Promise<void> {
    for (const stored of await store.list(name).catch(() => [])) {
      const { id, nonce, deregisterCriticalAfterMs = Infinity } = stored.leased.instance;
      if (store.overdueMs(stored) > deregisterCriticalAfterMs)
        await store.remove(name, id, nonce).catch(() => undefined);
    }
    await store.sweep(name, own);
  }

  /**
   * Every verb begins here. Loads the store at first use, since its parts of Node would slow down every import of
   * rollcall.
   */
  async #begin(signal: AbortSignal): Promise<FileStore> {
    this.#opening ??= import('./file-store.js').then(
      ({ FileStore }) => (this.#store = new FileStore(this.#target, this.#clock, this.#abandonedAfterMs)),
    );
    const store = await this.#opening;
    this.#assertActive(signal);
    return store;
  }

  /** Called between the steps of a verb. Throws once the caller has aborted or the registry is closed. */
  #assertActive(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#closeController.signal.throwIfAborted();
  }
}

function lost({ id }: ServiceInstance): RegistrationLostError {
  return new RegistrationLostError(`The file registry no longer has ${id}: its file was removed or replaced`, {
    registry: 'file',
    operation: 'renew',
  });
}
