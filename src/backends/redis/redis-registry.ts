import type { DiscoveredInstance, Discovery } from '../../contracts/discovery.js';
import { RegistrationLostError } from '../../core/errors.js';
import type { HealthReport } from '../../contracts/health-report.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { maintained, registered, renewed, toDiscovered, toEntry } from '../../instance/leased-instance.js';
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
 * Redis from 6 on: plain, over TLS, through Sentinels, or with a client that the host has. Each heartbeat writes the whole entry with the TTL
 * as its life. Throws `ConfigError` for options that cannot work; loads `@redis/client`, an optional package, and connects when it is first
 * used.
 */
export function redis(options: RedisOptions = {}): Registry {
  return new ClosableRegistry(new RedisRegistry(options));
}

class RedisRegistry implements Registry {
  readonly name = 'redis';
  readonly traits: RegistryTraits;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly warnings: readonly string[];
  /** Redis' events of expired keys are late and may be lost: there is nothing to wait for, and no cursor. */
  readonly discovery: Discovery = {
    poll: async (service, _cursor, signal) => ({ instances: await this.#listed(service, signal) }),
  };
  readonly #options: RedisOptions;
  readonly #target: RedisTarget;
  #opening: Promise<RedisStore> | undefined;

  constructor(options: RedisOptions) {
    this.#options = options;
    this.#target = resolveRedisOptions(options);
    this.traits = { isLocal: this.#target.isLocal, suppliesAddress: false };
    this.endpoint = this.#target.endpoint;
    this.warnings = this.#target.warnings;
  }

  /** Not a field: whoever prints the registry must not print the password in it. */
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
    let known = await store.change(
      'register',
      instance,
      instance.ttlMs,
      undefined,
      (held) => registered(instance, report, held),
      signal,
    );
    return {
      holder: () => this.name,
      renew: async (next, abort): Promise<Renewal> => {
        const { ttlMs, nonce } = instance;
        const beat = (held: LeasedInstance | undefined) => {
          if (held?.instance.nonce !== nonce) throw lost(instance);
          // As it was last written: a failover may have brought back an older one.
          return renewed({ ...held, instance }, next);
        };
        known = await store.change('renew', instance, ttlMs, known, beat, abort);
        return { ttlMs };
      },
      deregister: (abort) => this.#leave('deregister', keyOf(instance), abort),
    };
  }

  remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    return this.#leave('remove', key, signal);
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    await store.change(
      'maintain',
      key,
      'as it was',
      undefined,
      (held) => (isMeant(key, held) ? maintained(held, reason) : 'as it is'),
      signal,
    );
  }

  async close(): Promise<void> {
    (await this.#opening)?.close();
  }

  async #leave(operation: string, key: InstanceKey, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    await store.change(
      operation,
      key,
      'as it was',
      undefined,
      (held) => (isMeant(key, held) ? 'gone' : 'as it is'),
      signal,
    );
  }

  async #listed(service: string, signal: AbortSignal): Promise<DiscoveredInstance[]> {
    const store = await this.#begin(signal);
    return (await store.list('discover', service, signal)).map(toDiscovered);
  }

  /** Every verb begins here. What does the work is loaded at first use: it would make every import of rollcall dearer. */
  async #begin(signal: AbortSignal): Promise<RedisStore> {
    signal.throwIfAborted();
    this.#opening ??= import('./redis-store.js').then(({ RedisStore }) => new RedisStore(this.#target));
    return this.#opening;
  }
}

/** With a nonce, only that very incarnation is meant. */
function isMeant<Held extends { readonly instance: ServiceInstance }>(
  { nonce }: InstanceKey,
  held: Held | undefined,
): held is Held {
  return held !== undefined && (nonce === undefined || held.instance.nonce === nonce);
}

function lost({ id }: ServiceInstance): RegistrationLostError {
  return new RegistrationLostError(`Redis no longer holds ${id}`, { registry: 'redis', operation: 'renew' });
}
