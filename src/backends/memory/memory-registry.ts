import { systemClock } from '../../core/clock.js';
import type { Clock } from '../../core/clock.js';
import type { DiscoveredInstance, Discovery } from '../../contracts/discovery.js';
import { RegistrationLostError } from '../../core/errors.js';
import type { HealthReport } from '../../contracts/health-report.js';
import { maintained, registered, renewed, toDiscovered, toEntry } from '../../instance/leased-instance.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { Entry, Registration, Registry, RegistryTraits, Renewal } from '../../contracts/registry.js';
import { ClosableRegistry } from '../../registries/closable-registry.js';

export interface MemoryOptions {
  /** The clock that measures leases. @default the system clock */
  readonly clock?: Clock;
}

/** Creates an empty registry inside this process, for tests and examples. Other processes cannot see it. */
export function memory({ clock = systemClock }: MemoryOptions = {}): Registry {
  return new ClosableRegistry(new MemoryRegistry(clock));
}

interface Slot {
  readonly leased: LeasedInstance;
  readonly beatAt: number;
}

class MemoryRegistry implements Registry {
  readonly name = 'memory';
  readonly traits: RegistryTraits = { isLocal: true, suppliesAddress: false, inProcess: true };
  readonly discovery: Discovery = {
    poll: (service, _cursor, signal) => this.#verb(signal, () => ({ instances: this.#list(service) })),
  };
  readonly #slots = new Map<string, Slot>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    return this.#verb(signal, () => {
      const slot = this.#slots.get(slotOf(key));
      return slot && toEntry(slot.leased, this.#isExpired(slot));
    });
  }

  register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    return this.#verb(signal, () => {
      const slot = slotOf(instance);
      this.#slots.set(slot, {
        leased: registered(instance, report, this.#slots.get(slot)?.leased),
        beatAt: this.#clock.now(),
      });
      return {
        holder: () => this.name,
        renew: (next, abort) => this.#verb(abort, () => this.#renew(instance, next)),
        deregister: (abort) => this.#verb(abort, () => this.#drop(keyOf(instance))),
      };
    });
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#verb(signal, () => this.#drop(key));
  }

  maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    return this.#verb(signal, () => {
      const slot = this.#findSameIncarnation(key);
      if (slot !== undefined) this.#slots.set(slotOf(key), { ...slot, leased: maintained(slot.leased, reason) });
    });
  }

  close(): Promise<void> {
    this.#slots.clear();
    return Promise.resolve();
  }

  #renew(instance: ServiceInstance, report: HealthReport): Renewal {
    const key = slotOf(instance);
    const slot = this.#slots.get(key);
    if (slot?.leased.instance.nonce !== instance.nonce) {
      throw new RegistrationLostError(`The memory registry no longer has ${instance.id}: it was removed or replaced`, {
        registry: this.name,
        operation: 'renew',
      });
    }
    this.#slots.set(key, { leased: renewed(slot.leased, report), beatAt: this.#clock.now() });
    return { ttlMs: instance.ttlMs };
  }

  #drop(key: InstanceKey): void {
    if (this.#findSameIncarnation(key) !== undefined) this.#slots.delete(slotOf(key));
  }

  /** Finds the entry; with a nonce in `key`, only that incarnation's entry. */
  #findSameIncarnation(key: InstanceKey): Slot | undefined {
    const slot = this.#slots.get(slotOf(key));
    return key.nonce === undefined || slot?.leased.instance.nonce === key.nonce ? slot : undefined;
  }

  #list(service: string): DiscoveredInstance[] {
    return [...this.#slots.values()]
      .filter((slot) => slot.leased.instance.name === service && !this.#isExpired(slot))
      .map(({ leased }) => toDiscovered(leased));
  }

  #isExpired({ leased, beatAt }: Slot): boolean {
    return this.#clock.now() - beatAt > leased.instance.ttlMs;
  }

  /** Answers asynchronously, as a remote registry does. */
  async #verb<T>(signal: AbortSignal, run: () => T): Promise<T> {
    signal.throwIfAborted();
    await Promise.resolve();
    signal.throwIfAborted();
    return run();
  }
}

function slotOf({ namespace, partition, name, id }: InstanceKey): string {
  return JSON.stringify([partition, namespace, name, id]);
}
