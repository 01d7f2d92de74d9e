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
  /** Leases run on it. @default the real one */
  readonly clock?: Clock;
}

/** A registry inside this process, for tests and examples. Each call makes an empty one; nobody outside can see it. */
export function memory({ clock = systemClock }: MemoryOptions = {}): Registry {
  return new ClosableRegistry(new MemoryRegistry(clock));
}

interface Slot {
  readonly leased: LeasedInstance;
  readonly beatAt: number;
}

class MemoryRegistry implements Registry {
  readonly name = 'memory';
  readonly traits: RegistryTraits = { isLocal: true, suppliesAddress: false };
  readonly discovery: Discovery = {
    poll: (service, _cursor, signal) => this.#verb(signal, () => ({ instances: this.#listed(service) })),
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
      const slot = this.#meant(key);
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
      throw new RegistrationLostError(`The memory registry no longer holds ${instance.id}`, {
        registry: this.name,
        operation: 'renew',
      });
    }
    this.#slots.set(key, { leased: renewed(slot.leased, report), beatAt: this.#clock.now() });
    return { ttlMs: instance.ttlMs };
  }

  #drop(key: InstanceKey): void {
    if (this.#meant(key) !== undefined) this.#slots.delete(slotOf(key));
  }

  /** With a nonce, only that very incarnation is meant. */
  #meant(key: InstanceKey): Slot | undefined {
    const slot = this.#slots.get(slotOf(key));
    return key.nonce === undefined || slot?.leased.instance.nonce === key.nonce ? slot : undefined;
  }

  #listed(service: string): DiscoveredInstance[] {
    return [...this.#slots.values()]
      .filter((slot) => slot.leased.instance.name === service && !this.#isExpired(slot))
      .map(({ leased }) => toDiscovered(leased));
  }

  #isExpired({ leased, beatAt }: Slot): boolean {
    return this.#clock.now() - beatAt > leased.instance.ttlMs;
  }

  /** Answers in a later turn, as a registry out there does. */
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
