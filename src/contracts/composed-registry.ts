import type { Registry } from './registry.js';
import type { ServiceInstance } from './service-instance.js';

/** Marks a composition across copies of the package; a user's own registry may have fields of the same names. */
export const composition = Symbol.for('rollcall.1.composition');

/** A registry made of others: a chain, or the shared registry of a cluster's workers. Only rollcall makes one. */
export interface ComposedRegistry extends Registry {
  readonly [composition]: true;
  /** For a chain: a write to one of its registries was cut off and may still arrive. */
  readonly inDoubt?: boolean;
  /** For a chain: the names of those where such a write may arrive, but where no entry of ours can be passing. */
  readonly unreached?: readonly string[];
  /**
   * Defined only where workers of a cluster share the entry. True once this worker has left while others go on serving
   * on the same port, so that new connections are theirs.
   */
  readonly handedOver?: boolean | undefined;
  /** For a chain: its registries, the preferred one first. */
  readonly members?: readonly MemberFigures[] | undefined;
  /**
   * For a chain: its registries in the given order. A reader follows each of them by itself, so that an outage of one
   * costs its own news only. It goes by the readers of one that is a composition.
   */
  readonly readers?: readonly Registry[] | undefined;
  /**
   * Defined if only one of `readers` counts at a time, and not all of them: instances of one are not registered in
   * another.
   */
  readonly choice?: ReaderChoice | undefined;
  /**
   * For a chain: takes over an instance that another client of ours, in the worker thread, has registered. Any member
   * may hold it; `holder` names the one that received its heartbeats.
   */
  adopt?(instance: ServiceInstance, holder: string | undefined): void;
}

/** Which of several readers counts. */
export interface ReaderChoice {
  /** Indices of the readers, the one to read first. */
  order(): readonly number[];
  /** Measures a reader whose round trip is unknown or old, by a look at the service; sends nothing if there is none. */
  measure(service: string, signal: AbortSignal): Promise<void>;
}

/** How one registry of a composition has been answering; safe to print. */
export interface MemberFigures {
  readonly name: string;
  /**
   * `good`: it answers; `failing`: it does not answer, for less than the chain's patience; `out`: it is passed over
   * until a trial succeeds.
   */
  readonly state: 'good' | 'failing' | 'out';
  /** Round trip of its latest answers, smoothed, in milliseconds; undefined before the first. */
  readonly roundTripMs: number | undefined;
}

/** Narrows to a composition; undefined for a single registry. */
export function asComposed(registry: Registry): ComposedRegistry | undefined {
  return composition in registry ? (registry as ComposedRegistry) : undefined;
}
