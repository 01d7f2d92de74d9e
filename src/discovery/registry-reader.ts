import type { ReadOptions } from '../contracts/discovery.js';
import type { Registry } from '../contracts/registry.js';
import type { Clock } from '../core/clock.js';
import { ConfigError } from '../core/errors.js';
import { processWide } from '../core/process-wide.js';
import { GuardedRegistry } from '../registries/guarded-registry.js';
import { readingScope } from '../registries/reading-scope.js';
import { measureDistances } from './measure-distances.js';
import { openSource } from './open-source.js';
import { choicesOf, readingTree, selectWatches, sourcesOf } from './reading-tree.js';
import type { ReadingTree } from './reading-tree.js';
import { ServiceWatch } from './service-watch.js';
import type { Source } from './source-poll.js';
import type { SourceWatch } from './source-watch.js';

interface SharedWatch {
  readonly service: string;
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
  readonly #tree: ReadingTree;
  readonly #sources: readonly Source[];
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #watches = new Map<string, SharedWatch>();
  readonly #controller = new AbortController();
  #isMeasuring = false;
  #users = 0;

  /** Throws `ConfigError` for a registry that cannot be read. */
  constructor(registry: Registry, clock: Clock, random: () => number) {
    this.#registry = registry;
    this.#clock = clock;
    this.#random = random;
    // Each watch has a pace of its own.
    this.#guard = new GuardedRegistry(registry, clock, 'unpaced');
    const scopes: string[] = [];
    const sourceOf = (reader: Registry): Source | undefined => {
      const { name, discovery, traits } = reader;
      if (discovery === undefined) return undefined;
      scopes.push(readingScope(reader));
      return openSource({ name, discovery, isLocal: traits.isLocal, clock, random });
    };
    this.#tree = readingTree(registry, sourceOf, () => this.#guard);
    this.#sources = sourcesOf(this.#tree);
    this.scope = scopes.join(', ');
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
    this.#controller.abort();
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
    const sources = this.#sources.filter(({ hasDatacenters }) => datacenter === undefined || hasDatacenters === true);
    if (sources.length === 0)
      throw new ConfigError([
        { field: 'datacenter', value: datacenter, allowed: `unset, since ${this.#guard.name} has no datacenters` },
      ]);
    const select = (watches: readonly SourceWatch[]) => selectWatches(this.#tree, watches);
    const watch = new ServiceWatch({ service, sources, select, options, clock: this.#clock, random: this.#random });
    const shared = { service, watch, users: 0 };
    this.#watches.set(key, shared);
    watch.start();
    this.#measure();
    return shared;
  }

  /** Keeps the distances known by which readers are chosen. */
  #measure(): void {
    const choices = choicesOf(this.#tree);
    if (this.#isMeasuring || choices.length === 0) return;
    this.#isMeasuring = true;
    const service = () => [...this.#watches.values()][0]?.service;
    const onChanged = () => {
      for (const { watch } of this.#watches.values()) watch.reselect();
    };
    measureDistances({ choices, clock: this.#clock, service, onChanged }, this.#controller.signal).catch(
      () => undefined,
    );
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
