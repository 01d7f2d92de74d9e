import type { Clock } from '../../core/clock.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';

interface Sighting {
  readonly beatAtMs: number;
  readonly ageMs: number;
  readonly seenAt: number;
}

/** The most entries to remember. When there are more, all are forgotten and judged by the wall clock again. */
const MOST_KEPT = 10_000;

/**
 * Measures how old heartbeats are. Other processes record them in wall time, which can be set. So the wall clock is
 * read once per heartbeat, and from then on a monotonic clock measures its age.
 */
export class BeatAges {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Sighting>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The age in milliseconds. A heartbeat from the future means that the clock was set back, and counts as old. */
  of({ leased: { instance }, beatAtMs }: { readonly leased: LeasedInstance; readonly beatAtMs: number }): number {
    const key = JSON.stringify([instance.name, instance.id, instance.nonce]);
    const now = this.#clock.now();
    const known = this.#seen.get(key);
    if (known?.beatAtMs === beatAtMs) return known.ageMs + now - known.seenAt;
    const ageMs = Math.abs(this.#clock.wallTime() - beatAtMs);
    if (this.#seen.size >= MOST_KEPT) this.#seen.clear();
    this.#seen.set(key, { beatAtMs, ageMs, seenAt: now });
    return ageMs;
  }
}
