import { ConfigError, NoInstanceError } from '../../core/errors.js';
import type { Resolver } from '../../discovery/resolver.js';
import type { ResolvedService } from '../../discovery/resolved-service.js';
import type { ServiceOptions } from '../../discovery/service-options.js';
import type { ServiceView } from '../../discovery/service-view.js';
import type { ServiceSnapshot } from '../../contracts/service-snapshot.js';

/** A watch costs the registry something, and the host of a URL may come from outside. */
const MOST_BY_URL = 100;

/** A service, with what a call needs of it. */
export type CallableService = ResolvedService & Pick<ServiceView, 'calls' | 'isAnswered' | 'untilAnswered'>;

interface FollowedService {
  readonly service: CallableService;
  origins: ReadonlySet<string>;
}

/** The services of a resolver that are called by URL, and the origins that their instances have. */
export class CalledServices {
  readonly #resolver: Resolver;
  readonly #byUrl = new Set<string>();
  readonly #followed = new Map<string, FollowedService>();
  readonly #listeners = new Set<(origin: string) => void>();

  constructor(resolver: Resolver) {
    this.#resolver = resolver;
  }

  /**
   * The service, watched from now on. Throws `NoInstanceError` when too many names came by URL, and as
   * `resolver.service` does.
   */
  open(name: string, options?: ServiceOptions): CallableService {
    if (options === undefined && !this.#byUrl.has(name)) this.#admit(name);
    const service = this.#resolver.service(name, options);
    const key = JSON.stringify([name, options]);
    const followed = this.#followed.get(key);
    // It is another one after a `close()`.
    return followed?.service === service ? followed.service : this.#follow(key, service);
  }

  /** Calls `listener` with each origin that no instance has any more. */
  onLeft(listener: (origin: string) => void): void {
    this.#listeners.add(listener);
  }

  #admit(name: string): void {
    if (name === '') throw new NoInstanceError('The host of the URL has no name before .service', context);
    if (this.#byUrl.size >= MOST_BY_URL)
      throw new NoInstanceError(
        `${name} is not looked up, since ${MOST_BY_URL} other services were called by URL already: ` +
          'list it in `services` of discover(), and look where the hosts of your URLs come from',
        context,
      );
    this.#byUrl.add(name);
  }

  #follow(key: string, service: ResolvedService): CallableService {
    if (!isCallable(service))
      throw new ConfigError([
        { field: 'resolver', value: this.#resolver, allowed: 'what createResolver() or fakeResolver() returns' },
      ]);
    const followed: FollowedService = { service, origins: originsOf(service.snapshot()) };
    this.#followed.set(key, followed);
    service.events.on('changed', (snapshot) => {
      const before = followed.origins;
      followed.origins = originsOf(snapshot);
      for (const origin of before) {
        if (this.#isServed(origin)) continue;
        for (const listener of this.#listeners) listener(origin);
      }
    });
    return service;
  }

  #isServed(origin: string): boolean {
    return [...this.#followed.values()].some(({ origins }) => origins.has(origin));
  }
}

const context = { operation: 'dispatch' } as const;

const ofResolvers = new WeakMap<Resolver, CalledServices>();

/** The same object for each use of a resolver. */
export function calledServicesOf(resolver: Resolver): CalledServices {
  const services = ofResolvers.get(resolver) ?? new CalledServices(resolver);
  ofResolvers.set(resolver, services);
  return services;
}

function isCallable(service: ResolvedService): service is CallableService {
  return 'calls' in service && 'untilAnswered' in service;
}

function originsOf({ instances }: ServiceSnapshot): ReadonlySet<string> {
  return new Set(instances.flatMap(({ origin }) => (origin === undefined ? [] : new URL(origin).origin)));
}
