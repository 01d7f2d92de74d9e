import type { RegistrarError } from '../core/errors.js';
import type { ResolvedInstance } from './resolved-instance.js';

/**
 * Where an answer comes from. `live`: the registry answers; `stale`: it answers without a leader, so that it may have
 * missed changes; `memory`: its last answer in this process; `disk`: what a process of this host saved; `fallback`:
 * another registry of the chain; `static`: the list of the options; `none`: nothing is known.
 */
export type SnapshotSource = 'live' | 'stale' | 'memory' | 'disk' | 'fallback' | 'static' | 'none';

/**
 * Whether the service has instances, whatever their health and tags. `gone`: there were some, and all have left;
 * `never-seen`: neither this process nor its host's snapshot has seen one; `unknown`: there was no answer yet.
 */
export type ServicePresence = 'present' | 'gone' | 'never-seen' | 'unknown';

/** What is known about a service now. */
export interface ServiceSnapshot {
  readonly service: string;
  /** The instances that can serve and have the tags. An unchanged one is the same object in each snapshot. */
  readonly instances: readonly ResolvedInstance[];
  readonly source: SnapshotSource;
  /** Milliseconds since a leader of the registry last confirmed it; Infinity: unknown, also for `static` and `none`. */
  readonly ageMs: number;
  readonly presence: ServicePresence;
  /** How many instances are given although the registry no longer lists them. */
  readonly doubted: number;
}

/** The events of a watched service; every payload is safe to print. */
export interface ServiceEvents {
  /** The instances or the source changed. */
  changed: ServiceSnapshot;
  /** A registry stopped answering; emitted once an outage. */
  stale: { readonly registry: string; readonly error: RegistrarError };
  /** It answers again. */
  recovered: { readonly registry: string; readonly afterMs: number };
  /** Most instances vanished in a suspicious answer and are kept for now. */
  doubted: { readonly vanished: readonly string[]; readonly known: number };
  /** Calls to an instance failed in a row, so that it gets none for some time. */
  ejected: { readonly id: string; readonly origin: string; readonly failedInRow: number; readonly forMs: number };
  /** So few instances are usable that ejected and failing ones are called too; `isActive: false`: enough are again. */
  panic: { readonly isActive: boolean; readonly usable: number; readonly known: number };
}
