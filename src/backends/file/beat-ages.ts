import type { Clock } from '../../core/clock.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';

interface Sighting {
  readonly beatAtMs: number;
  readonly ageMs: number;
  readonly at: number;
}

/** Of so many entries it is known when they were first seen; that of more is judged by the wall clock alone. */
const MOST_KEPT = 10_000;

/**
 * How old heartbeats are. Other processes write them down in wall time, which may be set: it is asked once a heartbeat, and from then on time is
 * counted by a clock that cannot be.
 */
export class BeatAges {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Sighting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds; a heartbeat from the future means that the clock was set back, and counts as old. */
  of({ leased: { instance }, beatAtMs }: { readonly leased: LeasedInstance; readonly beatAtMs: number }): number {
    const key = JSON.stringify([instance.name, instance.id, instance.nonce]);
    const now = this.#clock.now();
    const known = this.#seen.get(key);
    if (known?.beatAtMs === beatAtMs) return known.ageMs + now - known.at;
    const ageMs = Math.abs(this.#clock.wallTime() - beatAtMs);
    if (this.#seen.size >= MOST_KEPT) this.#seen.clear();
    this.#seen.set(key, { beatAtMs, ageMs, at: now });
    return ageMs;
  }
}
