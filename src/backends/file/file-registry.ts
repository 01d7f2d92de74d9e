import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { DiscoveredInstance, Discovery } from '../../contracts/discovery.js';
import { RegistrationLostError } from '../../core/errors.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { maintained, registered, renewed, toDiscovered, toEntry } from '../../instance/leased-instance.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { Entry, Registration, Registry, RegistryTraits, Renewal } from '../../contracts/registry.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import { ClosableRegistry } from '../../registries/closable-registry.js';
import { resolveFileOptions } from './file-options.js';
import type { FileOptions, FileTarget } from './file-options.js';
import type { FileStore } from './file-store.js';

/**
 * A registry without any server: one JSON file an instance, for processes that share a directory. Throws `ConfigError` for
 * options that cannot work; touches nothing until it is first used. Leases run on wall time, since other processes judge them.
 */
export function file(options: FileOptions = {}): Registry {
  return new ClosableRegistry(new FileRegistry(options, systemClock));
}

/** The same on a clock of the caller's, without a guard against use after `close()`. */
export class FileRegistry implements Registry {
  readonly name = 'file';
  readonly traits: RegistryTraits = { isLocal: true, suppliesAddress: false, hostLocal: true };
  readonly discovery: Discovery = {
    poll: async (service, _cursor, signal) => ({ instances: await this.#listed(service, signal) }),
  };
  readonly workerSpec: WorkerSpec;
  readonly #target: FileTarget;
  readonly #clock: Clock;
  #opening: Promise<FileStore> | undefined;
  /** Aborts at `close()`: what is in flight then writes nothing more. */
  readonly #over = new AbortController();

  constructor(options: FileOptions, clock: Clock) {
    this.#target = resolveFileOptions(options);
    this.#clock = clock;
    this.workerSpec = { kind: 'file', options };
  }

  async read({ name, id }: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const store = await this.#begin(signal);
    const stored = await store.read(name, id);
    this.#proceed(signal);
    return stored && toEntry(stored.leased, store.overdueMs(stored) > 0);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const store = await this.#begin(signal);
    const before = await store.read(instance.name, instance.id);
    await store.write(registered(instance, report, before?.leased), this.#clock.wallTime(), undefined, () =>
      this.#proceed(signal),
    );
    await this.#reap(store, instance.name);
    return {
      holder: () => this.name,
      renew: (next, abort) => this.#renew(instance, next, abort),
      deregister: (abort) => this.#leave(keyOf(instance), abort),
    };
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#leave(key, signal);
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    const proceed = () => this.#proceed(signal);
    const stored = await store.read(key.name, key.id);
    proceed();
    if (stored === undefined || (key.nonce !== undefined && stored.leased.instance.nonce !== key.nonce)) return;
    await store.write(maintained(stored.leased, reason), stored.beatAtMs, stored, proceed);
  }

  close(): Promise<void> {
    this.#over.abort();
    return Promise.resolve();
  }

  async #renew(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const store = await this.#begin(signal);
    const proceed = () => this.#proceed(signal);
    const { name, id, nonce, ttlMs } = instance;
    const stored = await store.read(name, id);
    proceed();
    if (stored?.leased.instance.nonce !== nonce) throw lost(instance);
    const next = renewed(stored.leased, report);
    const { beat } = stored.leased;
    const saysNew = next.beat.status !== beat.status || next.beat.reason !== beat.reason;
    const now = this.#clock.wallTime();
    if (!(saysNew ? await store.write(next, now, stored, proceed) : await store.touch(stored, now)))
      throw lost(instance);
    return { ttlMs };
  }

  async #leave(key: InstanceKey, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    if (key.nonce !== undefined) {
      const stored = await store.read(key.name, key.id);
      this.#proceed(signal);
      if (stored?.leased.instance.nonce !== key.nonce) return;
    }
    await store.remove(key.name, key.id, key.nonce);
  }

  async #listed(service: string, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    const store = await this.#begin(signal);
    const stored = await store.list(service);
    this.#proceed(signal);
    return stored.filter((entry) => store.overdueMs(entry) <= 0).map(({ leased }) => toDiscovered(leased));
  }

  /** Nobody else is there to do it: whoever registers removes what its siblings left behind. */
  async #reap(store: FileStore, service: string): Promise<void> {
    for (const stored of await store.list(service)) {
      const { id, nonce, deregisterCriticalAfterMs = Infinity } = stored.leased.instance;
      if (store.overdueMs(stored) > deregisterCriticalAfterMs) await store.remove(service, id, nonce);
    }
    await store.sweep(service, this.#clock.wallTime());
  }

  /** Every verb begins here. The store is loaded at first use: its parts of Node would make every import of rollcall dearer. */
  async #begin(signal: AbortSignal): Promise<FileStore> {
    this.#opening ??= import('./file-store.js').then(({ FileStore }) => new FileStore(this.#target, this.#clock));
    const store = await this.#opening;
    this.#proceed(signal);
    return store;
  }

  /** Between the steps of a verb: throws once the caller or a `close()` has cut it off. */
  #proceed(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#over.signal.throwIfAborted();
  }
}

function lost({ id }: ServiceInstance): RegistrationLostError {
  return new RegistrationLostError(`The file registry no longer holds ${id}`, { registry: 'file', operation: 'renew' });
}
