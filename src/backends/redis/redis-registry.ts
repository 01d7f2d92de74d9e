import type { Departure, DepartureRequest } from '../../contracts/departure.js';
import type { DiscoveredInstance, Discovery } from '../../contracts/discovery.js';
import type { HealthReport } from '../../contracts/health-report.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { departed, registered, toDiscovered, toEntry } from '../../instance/leased-instance.js';
import type { InstanceKey, ServiceInstance } from '../../contracts/service-instance.js';
import type { Entry, Registration, Registry, RegistryEndpoint, RegistryTraits } from '../../contracts/registry.js';
import type { Credentials } from '../../contracts/credentials.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import { RecentValues } from '../../core/recent-values.js';
import { ClosableRegistry } from '../../registries/closable-registry.js';
import { redisWorkerSpec, resolveRedisOptions } from './redis-options.js';
import type { RedisOptions, RedisTarget } from './redis-options.js';
import { RedisRegistration, maintainEntry, removeEntry } from './redis-registration.js';
import type { RedisStore, StoredEntry } from './redis-store.js';

/**
 * Registers with Redis 6 or later: plain, over TLS, through Sentinels, or with the host's own client. Each heartbeat
 * writes the whole entry, which expires after the TTL. Throws `ConfigError` for options that cannot work. Loads
 * `@redis/client`, an optional package, and connects at first use.
 */
export function redis(options: RedisOptions = {}): Registry {
  return new ClosableRegistry(new RedisRegistry(options));
}

/** Far more than start at once. */
const MOST_FOUND = 100;

class RedisRegistry implements Registry {
  readonly name = 'redis';
  readonly traits: RegistryTraits;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly warnings: readonly string[];
  readonly credentials: Credentials | undefined;
  /**
   * Polls without a cursor: Redis' events of expired keys are late and may be lost, so what writers publish are hints.
   */
  readonly discovery: Discovery;
  readonly #options: RedisOptions;
  readonly #target: RedisTarget;
  #opening: Promise<RedisStore> | undefined;
  #store: RedisStore | undefined;
  /** By the nonce, for the exit. */
  readonly #registrations = new Map<string, RedisRegistration>();
  /** What the last look at each entry found, so that a write can do without another: it compares the version. */
  readonly #found = new RecentValues<StoredEntry>(MOST_FOUND);

  constructor(options: RedisOptions) {
    this.#options = options;
    this.#target = resolveRedisOptions(options);
    this.traits = { isLocal: this.#target.isLocal, suppliesAddress: false };
    this.endpoint = this.#target.endpoint;
    this.warnings = this.#target.warnings;
    const { place } = this.#target;
    this.credentials = place.kind === 'client' ? undefined : place.credentials;
    const database = place.kind === 'client' ? '' : ` ${String(place.access.database)}`;
    this.discovery = {
      traits: { scope: `${this.#target.shown}${database}` },
      poll: async (service, _cursor, signal) => ({ instances: await this.#list(service, signal) }),
      find: async (key, signal) => {
        const { leased } = await this.#look('discover', key, signal);
        return leased && toDiscovered(leased);
      },
      // A client of the host's takes no other commands once it subscribes.
      ...(place.kind !== 'client' && {
        watch: async (services, onNews, signal) => {
          const store = await this.#begin(signal);
          const onOpen = () => onNews({ kind: 'open' });
          const onChange = (service: string) => onNews({ kind: 'hint', service });
          await store.watch(
            services.map(({ service }) => service),
            { onOpen, onChange },
            signal,
          );
        },
      }),
    };
  }

  /** A getter, so that printing the registry does not print its password. */
  get workerSpec(): WorkerSpec | undefined {
    return redisWorkerSpec(this.#options);
  }

  async read(key: InstanceKey, signal: AbortSignal): Promise<Entry | undefined> {
    const { leased } = await this.#look('read', key, signal);
    return leased && toEntry(leased, false);
  }

  async register(instance: ServiceInstance, report: HealthReport, signal: AbortSignal): Promise<Registration> {
    const store = await this.#begin(signal);
    const to = (current: LeasedInstance | undefined) => registered(instance, report, current);
    const expected = this.#found.take(slotOf(instance))?.value;
    const change = { operation: 'register', key: instance, lease: instance.ttlMs, expected, to };
    const written = await store.change(change, signal);
    const { nonce } = instance;
    const registration = new RedisRegistration(this.name, store, instance, written, () =>
      this.#registrations.delete(nonce),
    );
    this.#registrations.set(nonce, registration);
    return registration;
  }

  async remove(key: InstanceKey, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    await removeEntry(store, 'remove', key, signal);
    if (key.nonce !== undefined) this.#registrations.delete(key.nonce);
  }

  async maintain(key: InstanceKey, reason: string | undefined, signal: AbortSignal): Promise<void> {
    const store = await this.#begin(signal);
    await maintainEntry(store, key, reason, signal);
  }

  departures({ instance, policy }: DepartureRequest): readonly Departure[] {
    const store = this.#store;
    if (store === undefined) return [];
    const leased = this.#registrations.get(instance.nonce)?.lastWritten;
    return [{ kind: 'local', run: () => store.depart(instance, leased && departed(leased, policy)) }];
  }

  async close(): Promise<void> {
    (await this.#opening)?.close();
  }

  async #look(operation: string, key: InstanceKey, signal: AbortSignal): Promise<StoredEntry> {
    const store = await this.#begin(signal);
    const stored = await store.read(operation, key, signal);
    this.#found.set(slotOf(key), stored);
    return stored;
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

function slotOf({ name, id }: Pick<InstanceKey, 'name' | 'id'>): string {
  return JSON.stringify([name, id]);
}
