import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { SnapshotSource } from '../contracts/service-snapshot.js';
import type { Picture } from './service-watch.js';

/** What a process of this host saved. */
export interface SavedLevel {
  readonly instances: readonly ResolvedInstance[];
  readonly ageMs: number;
}

export interface LevelFacts {
  readonly picture: Picture;
  /** Undefined: nothing usable was saved. */
  readonly saved: SavedLevel | undefined;
  /** The list of the options; undefined: none. */
  readonly fixed: readonly ResolvedInstance[] | undefined;
  /** The oldest answer to give while the registry is away. */
  readonly maxAgeMs: number;
  /** On the monotonic clock. */
  readonly now: number;
}

/** The instances of a level; `also` are those of the next registry of a chain, which replace entries of the same id. */
export interface Level {
  readonly source: SnapshotSource;
  readonly ageMs: number;
  readonly instances: readonly ResolvedInstance[];
  readonly also?: readonly ResolvedInstance[];
}

/** Chooses the first level that has an answer which is not too old. */
export function chooseLevel({ picture, saved, fixed, maxAgeMs, now }: LevelFacts): Level {
  const { state, isLeaderless, instances, answeredAt = -Infinity, others } = picture;
  if (instances !== undefined) {
    const ageMs = now - answeredAt;
    if (state === 'live') return { source: 'live', ageMs, instances };
    if (ageMs <= maxAgeMs && isLeaderless) return { source: 'stale', ageMs, instances };
    if (ageMs <= maxAgeMs && ageMs < Infinity) return { source: 'memory', ageMs, instances };
  }
  if (saved !== undefined && saved.ageMs <= maxAgeMs)
    return { source: 'disk', ...saved, ...(others && { also: others.instances }) };
  if (others !== undefined) return { source: 'fallback', ageMs: now - others.answeredAt, instances: others.instances };
  if (fixed !== undefined) return { source: 'static', ageMs: Infinity, instances: fixed };
  return { source: 'none', ageMs: Infinity, instances: [] };
}
