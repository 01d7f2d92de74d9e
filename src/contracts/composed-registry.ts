import type { Registry } from './registry.js';
import type { ServiceInstance } from './service-instance.js';

/** Marks a composition in every copy of the package: a registry of the user's own may have fields of the same names. */
export const composition = Symbol.for('rollcall.1.composition');

/** A registry that stands for others: a chain, or what the workers of a cluster share. Only rollcall makes one. */
export interface ComposedRegistry extends Registry {
  readonly [composition]: true;
  /** Of a chain: a write of one of its registries was cut off and may still arrive. */
  readonly inDoubt?: boolean;
  /**
   * There only where an entry is shared, as by the workers of a cluster: all that one of them can do is to leave it.
   * True once we have, and others go on serving under it on our port: new connections are theirs.
   */
  readonly handedOver?: boolean | undefined;
  /** Of a chain: its registries, the preferred one first. */
  readonly members?: readonly MemberFigures[] | undefined;
  /**
   * Of a chain: another client of ours has registered this instance. Any member may have it; `holder` is the one that
   * was sent its heartbeats.
   */
  adopt?(instance: ServiceInstance, holder: string | undefined): void;
}

/** How one registry of a composition has been answering; safe to print. */
export interface MemberFigures {
  readonly name: string;
  /**
   * `good`: it answers; `failing`: not just now, within the patience it is given; `out`: passed over until a trial
   * succeeds.
   */
  readonly state: 'good' | 'failing' | 'out';
  /** Round trip of its latest answers, smoothed, in milliseconds; undefined before the first. */
  readonly roundTripMs: number | undefined;
}

/** The registry as a composition; undefined when it stands for itself alone. */
export function asComposed(registry: Registry): ComposedRegistry | undefined {
  return composition in registry ? (registry as ComposedRegistry) : undefined;
}
