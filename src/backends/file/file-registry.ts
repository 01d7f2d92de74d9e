import { systemClock } from '../../clock.js';
import type { Clock } from '../../clock.js';
import type { DiscoveredInstance, Discovery } from '../../discovery/discovery.js';
import { RegistrationLostError, StoppedError } from '../../errors.js';
import type { HealthReport } from '../../health/report.js';
import { registered, renewed, toDiscovered, toEntry } from '../../instance/leased-instance.js';
import { keyOf } from '../../instance/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../instance/service-instance.js';
import type { Entry, Registration, Registry, Renewal } from '../../registry/registry.js';
import { resolveFileOptions } from './file-options.js';
import type { FileOptions } from './file-options.js';
import { FileStore } from './file-store.js';
import type { StoredEntry } from './file-store.js';

/**
 * A registry without any server: one JSON file an instance, for processes that share a directory. Throws `ConfigError` for
 * options that cannot work; touches nothing until it is first used. Leases run on wall time, since other processes judge them.
 */
export function file(options: FileOptions = {}, clock: Clock = systemClock): Registry {
  return new FileRegistry(options, clock);
}

class FileRegistry implements Registry {
  readonly name = 'file';
  readonly nearby = true;
  readonly suppliesAddress = false;
  readonly discovery: Discovery = { poll: async (service, _cursor, signal) => ({ instances: await this.#listed(service, signal) }) };
  readonly portable: { readonly module: string; readonly options: FileOptions };
  readonly #store: FileStore;
  readonly #clock: Clock;
  #closed = false;

  constructor(options: FileOptions, clock: Clock) {
    const target = resolveFileOptions(options);
    this.#store = new FileStore(target);
    this.#clock = clock;
    this.portable = { module: import.meta.url, options };
  }

  async read({ name, id }: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    this.#proceed('read', signal);
    const stored = await this.#store.read(name, id);
    this.#proceed('read', signal);
    return stored && toEntry(stored.leased, this.#overdueMs(stored) > 0);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const proceed = () => this.#proceed('register', signal);
    proceed();
    const before = await this.#store.read(instance.name, instance.id);
    await this.#store.write(registered(instance, report, before?.leased), this.#clock.wallTime(), proceed);
    await this.#reap(instance.name);
    return {
      holder: () => this.name,
      renew: (next, abort) => this.#renew(instance, next, abort),
      deregister: (abort) => this.#leave('deregister', keyOf(instance), abort),
    };
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#leave('remove', key, signal);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  async #renew(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Renewal> {
    const proceed = () => this.#proceed('renew', signal);
    proceed();
    const { name, id, nonce, ttlMs } = instance;
    const stored = await this.#store.read(name, id);
    proceed();
    if (stored?.leased.instance.nonce !== nonce) throw lost(instance);
    const next = renewed(stored.leased, report);
    const { beat } = stored.leased;
    if (next.beat.status !== beat.status || next.beat.reason !== beat.reason) await this.#store.write(next, this.#clock.wallTime(), proceed);
    else if (!(await this.#store.touch(name, id, this.#clock.wallTime()))) throw lost(instance);
    return { ttlMs };
  }

  async #leave(operation: string, key: InstanceKey, signal: AbortSignal): Promise<void> {
    this.#proceed(operation, signal);
    if (key.nonce !== undefined) {
      const stored = await this.#store.read(key.name, key.id);
      this.#proceed(operation, signal);
      if (stored?.leased.instance.nonce !== key.nonce) return;
    }
    await this.#store.remove(key.name, key.id);
  }

  async #listed(service: string, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    this.#proceed('discover', signal);
    const stored = await this.#store.list(service);
    this.#proceed('discover', signal);
    return stored.filter((entry) => this.#overdueMs(entry) <= 0).map(({ leased }) => toDiscovered(leased));
  }

  /** Nobody else is there to do it: whoever registers removes what its siblings left behind. */
  async #reap(service: string): Promise<void> {
    for (const stored of await this.#store.list(service)) {
      const { id, deregisterCriticalAfterMs = Infinity } = stored.leased.instance;
      if (this.#overdueMs(stored) > deregisterCriticalAfterMs) await this.#store.remove(service, id);
    }
  }

  /** Past the end of the lease; a heartbeat from the future means that the clock was set back, and counts as old. */
  #overdueMs({ leased, beatAtMs }: StoredEntry): number {
    return Math.abs(this.#clock.wallTime() - beatAtMs) - leased.instance.ttlMs;
  }

  #proceed(operation: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    if (this.#closed) throw new StoppedError(`The file registry is closed: it cannot ${operation}`, { registry: this.name, operation });
  }
}

function lost({ id }: ServiceInstance): RegistrationLostError {
  return new RegistrationLostError(`The file registry no longer holds ${id}`, { registry: 'file', operation: 'renew' });
}
