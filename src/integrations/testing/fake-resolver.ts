import type { Resolver } from '../../discovery/resolver.js';
import { staticInstances } from '../../discovery/service-options.js';
import { checkServiceOptions } from '../../discovery/service-options.js';
import type { ServiceOptions, StaticInstance } from '../../discovery/service-options.js';
import { ServiceView } from '../../discovery/service-view.js';
import type { ResolvedService } from '../../discovery/resolved-service.js';
import type { Picture, WatchNews, WatchedService } from '../../discovery/service-watch.js';
import type { ResolvedInstance } from '../../contracts/resolved-instance.js';
import { systemClock } from '../../core/clock.js';
import { ConfigError, RegistryUnavailableError, StoppedError } from '../../core/errors.js';

/** Origins, e.g. `http://127.0.0.1:4000`, or instances. */
export type FakeInstances = readonly (string | StaticInstance)[];

/** A resolver for tests: what it says is set by the test, and takes effect at once. */
export interface FakeResolver extends Resolver {
  /** Replaces the instances of a service. */
  set(service: string, instances: FakeInstances): void;
  /** True: the registry stops answering; false: it answers again. */
  setAway(isAway: boolean): void;
}

/** A resolver of these services, without a registry. Throws `ConfigError` for an instance without an address. */
export function fakeResolver(services: Readonly<Record<string, FakeInstances>> = {}): FakeResolver {
  const watches = new Map<string, FakeWatch>();
  const views = new Map<string, ServiceView>();
  let isAway = false;
  let isClosed = false;
  const watchOf = (service: string): FakeWatch => {
    const watch = watches.get(service) ?? new FakeWatch(() => isAway);
    watches.set(service, watch);
    return watch;
  };
  const set = (service: string, instances: FakeInstances): void => {
    watchOf(service).set(checked(service, instances));
  };
  for (const [service, instances] of Object.entries(services)) set(service, instances);
  return {
    set,
    setAway(away) {
      isAway = away;
      for (const watch of watches.values()) watch.turned();
    },
    service(name: string, options: ServiceOptions = {}): ResolvedService {
      if (isClosed)
        throw new StoppedError(`The resolver is closed, so it cannot watch ${name}: create a new one to go on`, {
          operation: 'service',
        });
      const key = JSON.stringify([name, options]);
      const view = views.get(key) ?? viewOf(name, options, watchOf(name), () => views.delete(key));
      views.set(key, view);
      return view;
    },
    close() {
      isClosed = true;
      for (const view of [...views.values()]) view.close();
      return Promise.resolve();
    },
  };
}

function viewOf(name: string, options: ServiceOptions, watch: WatchedService, onClose: () => void): ServiceView {
  return new ServiceView({
    name,
    selection: checkServiceOptions(name, options),
    watch,
    clock: systemClock,
    random: Math.random,
    saved: Promise.resolve(undefined),
    onListenerError: (error) => {
      // A test must see it.
      throw error;
    },
    onClose,
  });
}

function checked(service: string, given: FakeInstances): readonly ResolvedInstance[] {
  const instances = staticInstances(service, given);
  if (instances.includes(undefined))
    throw new ConfigError([
      { field: service, value: given, allowed: "origins, e.g. 'http://127.0.0.1:4000', or instances with an address" },
    ]);
  return Object.freeze(instances.flatMap((instance) => instance ?? []));
}

class FakeWatch implements WatchedService {
  readonly #isAway: () => boolean;
  readonly #listeners = new Set<(news: WatchNews) => void>();
  #instances: readonly ResolvedInstance[] = Object.freeze([]);
  #wasSeen = false;
  #answeredAt = systemClock.now();

  constructor(isAway: () => boolean) {
    this.#isAway = isAway;
  }

  get picture(): Picture {
    const isAway = this.#isAway();
    return {
      state: isAway ? 'stale' : 'live',
      isLeaderless: false,
      instances: this.#instances,
      answeredAt: isAway ? this.#answeredAt : systemClock.now(),
      others: undefined,
      wasSeen: this.#wasSeen,
      doubted: 0,
      datacenter: undefined,
      problem: isAway ? outage() : undefined,
    };
  }

  subscribe(listener: (news: WatchNews) => void): () => void {
    const entry = (news: WatchNews) => {
      listener(news);
    };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  refused(): void {
    // What a test says is never doubted.
  }

  set(instances: readonly ResolvedInstance[]): void {
    this.#instances = instances;
    this.#wasSeen ||= instances.length > 0;
    this.#tell({ kind: 'polled' });
  }

  /** The registry went away, or is back. */
  turned(): void {
    const now = systemClock.now();
    if (this.#isAway()) {
      this.#answeredAt = now;
      this.#tell({ kind: 'stale', registry: 'fake', error: outage() });
    } else {
      this.#tell({ kind: 'recovered', registry: 'fake', afterMs: now - this.#answeredAt });
    }
    this.#tell({ kind: 'polled' });
  }

  #tell(news: WatchNews): void {
    for (const listener of [...this.#listeners]) listener(news);
  }
}

function outage(): RegistryUnavailableError {
  return new RegistryUnavailableError('The fake registry was set away: call setAway(false)', { registry: 'fake' });
}
