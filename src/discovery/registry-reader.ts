import { asComposed } from '../contracts/composed-registry.js';
import type { ReadOptions } from '../contracts/discovery.js';
import type { Registry } from '../contracts/registry.js';
import type { Clock } from '../core/clock.js';
import { ConfigError } from '../core/errors.js';
import { processWide } from '../core/process-wide.js';
import { GuardedRegistry } from '../registries/guarded-registry.js';
import { readingScope } from '../registries/reading-scope.js';
import { LongPollShare } from './long-poll-share.js';
import { ServiceStream } from './service-stream.js';
import { ServiceWatch } from './service-watch.js';
import type { Source } from './source-watch.js';

interface SharedWatch {
  readonly watch: ServiceWatch;
  users: number;
}

/** A watch that is shared; `release` ends this use of it. */
export interface WatchLease {
  readonly watch: ServiceWatch;
  readonly release: () => void;
}

/** Reads one registry for all resolvers of the process: one watch a service, however many users it has. */
export class RegistryReader {
  /** Identifies what is read, across processes and restarts. */
  readonly scope: string;
  readonly #registry: Registry;
  readonly #guard: GuardedRegistry;
  readonly #sources: readonly (Source & { readonly hasDatacenters: boolean })[];
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #watches = new Map<string, SharedWatch>();
  #users = 0;

  /** Throws `ConfigError` for a registry that cannot be read. */
  constructor(registry: Registry, clock: Clock, random: () => number) {
    this.#registry = registry;
    this.#clock = clock;
    this.#random = random;
    // Each watch has a pace of its own.
    this.#guard = new GuardedRegistry(registry, clock, 'unpaced');
    const readers = asComposed(registry)?.readers ?? [this.#guard];
    this.#sources = readers.flatMap(({ name, discovery, traits: { isLocal } }) => {
      if (discovery === undefined) return [];
      const { datacenters = false, longPolls = Infinity } = discovery.traits ?? {};
      const watch = discovery.watch?.bind(discovery);
      const stream = watch && new ServiceStream({ name, watch, clock });
      const share = new LongPollShare(longPolls);
      return [{ name, discovery, isLocal, longPolls: share, stream, hasDatacenters: datacenters }];
    });
    this.scope = readers.map(readingScope).join(', ');
    if (this.#sources.length === 0)
      throw new ConfigError([{ field: 'registry', value: registry.name, allowed: 'a registry with `discovery`' }]);
  }

  /** Counts one user more. */
  acquire(): this {
    this.#users += 1;
    return this;
  }

  /** Counts one user less. The last one closes the registry, unless a Registrar uses it too. */
  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    readers().delete(this.#registry);
    for (const { watch } of this.#watches.values()) watch.close();
    this.#watches.clear();
    await this.#guard.close();
  }

  /** Throws `ConfigError` for another datacenter where the registry has none. */
  watch(service: string, datacenter: string | undefined): WatchLease {
    const key = JSON.stringify([service, datacenter]);
    const shared = this.#watches.get(key) ?? this.#begin(key, service, datacenter);
    shared.users += 1;
    let isReleased = false;
    return {
      watch: shared.watch,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        shared.users -= 1;
        if (shared.users > 0) return;
        this.#watches.delete(key);
        shared.watch.close();
      },
    };
  }

  #begin(key: string, service: string, datacenter: string | undefined): SharedWatch {
    const options: ReadOptions = { ...(datacenter !== undefined && { datacenter }) };
    const sources = this.#sources.filter(({ hasDatacenters }) => datacenter === undefined || hasDatacenters);
    if (sources.length === 0)
      throw new ConfigError([
        { field: 'datacenter', value: datacenter, allowed: `unset, since ${this.#guard.name} has no datacenters` },
      ]);
    const watch = new ServiceWatch({ service, sources, options, clock: this.#clock, random: this.#random });
    const shared = { watch, users: 0 };
    this.#watches.set(key, shared);
    watch.start();
    return shared;
  }
}

/** The reader of each registry that has one. */
const readers = (): WeakMap<Registry, RegistryReader> => processWide('registry readers', () => new WeakMap());

/** The reader that the process has of this registry; the caller releases it. */
export function readerOf(registry: Registry, clock: Clock, random: () => number): RegistryReader {
  const reader = readers().get(registry) ?? new RegistryReader(registry, clock, random);
  readers().set(registry, reader);
  return reader.acquire();
}
