import type { Departure, DepartureRequest } from '../../contracts/departure.js';
import type { DiscoveredInstance, Discovery } from '../../contracts/discovery.js';
import { RegistrationLostError } from '../../core/errors.js';
import type { HealthReport } from '../../contracts/health-report.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { departed, maintained, registered, renewed, toDiscovered, toEntry } from '../../instance/leased-instance.js';
import { keyOf } from '../../contracts/service-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type {
  Entry,
  Registration,
  Registry,
  RegistryEndpoint,
  RegistryTraits,
  Renewal,
} from '../../contracts/registry.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import { ClosableRegistry } from '../../registries/closable-registry.js';
import { decodeEntry } from './redis-codec.js';
import { resolveRedisOptions } from './redis-options.js';
import type { RedisOptions, RedisTarget } from './redis-options.js';
import type { RedisStore } from './redis-store.js';

/**
 * Registers with Redis 6 or later: plain, over TLS, through Sentinels, or with the host's own client. Each heartbeat
 * writes the whole entry, which expires after the TTL. Throws `ConfigError` for options that cannot work. Loads
 * `@redis/client`, an optional package, and connects at first use.
 */
export function redis(options: RedisOptions = {}): Registry {
  return new ClosableRegistry(new RedisRegistry(options));
}

class RedisRegistry implements Registry {
  readonly name = 'redis';
  readonly traits: RegistryTraits;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly warnings: readonly string[];
  /**
   * Polls without a cursor: Redis' events of expired keys are late and may be lost, so there is nothing to wait for.
   */
  readonly discovery: Discovery = {
    poll: async (service, _cursor, signal) => ({ instances: await this.#list(service, signal) }),
  };
  readonly #options: RedisOptions;
  readonly #target: RedisTarget;
  #opening: Promise<RedisStore> | undefined;
  #store: RedisStore | undefined;
  /** The text of each incarnation's entry as last written. */
  readonly #lastWritten = new Map<string, string>();

  constructor(options: RedisOptions) {
    this.#options = options;
    this.#target = resolveRedisOptions(options);
    this.traits = { isLocal: this.#target.isLocal, suppliesAddress: false };
    this.endpoint = this.#target.endpoint;
    this.warnings = this.#target.warnings;
  }

  /** A getter, so that printing the registry does not print its password. */
  get workerSpec(): WorkerSpec | undefined {
    return this.#options.client === undefined ? { kind: 'redis', options: this.#options } : undefined;
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const store = await this.#begin(signal);
    const leased = decodeEntry(await store.read('read', key, signal));
    return leased && toEntry(leased, false);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const store = await this.#begin(signal);
    let lastWritten = await store.change(
      'register',
      instance,
      instance.ttlMs,
      undefined,
      (current) => registered(instance, report, current),
      signal,
    );
    this.#lastWritten.set(instance.nonce, lastWritten);
    return {
      holder: () => this.name,
      renew: async (next, abort): Promise<Renewal> => {
        const { ttlMs, nonce } = instance;
        const beat = (current: LeasedInstance | undefined) => {
          if (current?.instance.nonce !== nonce) throw lost(instance);
          // Writes our own instance, because after a failover Redis may have an older one.
          return renewed({ ...current, instance }, next);
        };
        lastWritten = await store.change('renew', instance, ttlMs, lastWritten, beat, abort);
        this.#lastWritten.set(nonce, lastWritten);
        return { ttlMs };
      },
      deregister: (abort) => this.#removeEntry('deregister', keyOf(instance), abort),
    };
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#removeEntry('remove', key, signal);
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    await store.change(
      'maintain',
      key,
      'as it was',
      undefined,
      (current) => (isSameIncarnation(key, current) ? maintained(current, reason) : 'as it is'),
      signal,
    );
  }

  departures({ instance, policy }: DepartureRequest): readonly Departure[] {
    const store = this.#store;
    const leased = decodeEntry(this.#lastWritten.get(instance.nonce) ?? '');
    if (store === undefined) return [];
    return [{ kind: 'local', run: () => store.depart(instance, leased && departed(leased, policy)) }];
  }

  async close(): Promise<void> {
    (await this.#opening)?.close();
  }

  async #removeEntry(operation: string, key: InstanceKey, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    await store.change(
      operation,
      key,
      'as it was',
      undefined,
      (current) => (isSameIncarnation(key, current) ? 'gone' : 'as it is'),
      signal,
    );
    if (key.nonce !== undefined) this.#lastWritten.delete(key.nonce);
  }

  async #list(service: string, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    const store = await this.#begin(signal);
    return (await store.list('discover', service, signal)).map(toDiscovered);
  }

  /** Every verb begins here. Loads the store at first use, since it would slow down every import of rollcall. */
  async #begin(signal: AbortSignal): Promise<RedisStore> {
    signal.throwIfAborted();
    this.#opening ??= import('./redis-store.js').then(({ RedisStore }) => (this.#store = new RedisStore(this.#target)));
    return this.#opening;
  }
}

/** True if there is an entry and, with a nonce in the key, if it is that incarnation's. */
function isSameIncarnation<Leased extends { readonly instance: ServiceInstance }>(
  { nonce }: InstanceKey,
  current: Leased | undefined,
): current is Leased {
  return current !== undefined && (nonce === undefined || current.instance.nonce === nonce);
}

function lost({ id }: ServiceInstance): RegistrationLostError {
  return new RegistrationLostError(`Redis no longer has ${id}: it expired, or another client removed or replaced it`, {
    registry: 'redis',
    operation: 'renew',
  });
}
