import { msBetween, ticksOf } from './ticks.js';

/** What an instance that nothing is known of counts as: high, so that it is not flooded. */
export const UNKNOWN_MS = 30;
/** Below a millisecond, instances count as equally fast. */
const LEAST = ticksOf(1);
/** An estimate that nothing confirms fades within some of these. */
const FADE_MS = 2_000;
/** A younger estimate is used as it is: computing the fading would cost more than the choice. */
const FRESH_MS = 100;
/** A faster answer moves the estimate by this share at least: a recovered instance is known within some calls. */
const LEAST_SHARE = 1 / 8;

/**
 * An estimate of an instance's latency: a slower answer counts at once, faster ones by and by (a peak EWMA,
 * https://linkerd.io/2/features/load-balancing/). Without calls it fades, so that a slow instance is tried again. Times
 * and estimates are in ticks.
 */
export class Latency {
  #estimate = ticksOf(UNKNOWN_MS);
  #at: number;
  #isKnown = false;

  constructor(now: number) {
    this.#at = now;
  }

  /** A whole number, so that it costs no memory. */
  estimate(now: number): number {
    const ageMs = msBetween(this.#at, now);
    return ageMs < FRESH_MS ? this.#estimate : Math.max(LEAST, Math.round(this.#estimate * Math.exp(-ageMs / FADE_MS)));
  }

  /** A call took so many milliseconds, or at least counts so. */
  observe(ms: number, now: number): void {
    const sample = Math.max(LEAST, ticksOf(ms));
    if (!this.#isKnown || sample >= this.#estimate) {
      this.#estimate = sample;
    } else {
      const share = Math.max(LEAST_SHARE, 1 - Math.exp(-msBetween(this.#at, now) / FADE_MS));
      this.#estimate += Math.round((sample - this.#estimate) * share);
    }
    this.#isKnown = true;
    this.#at = now;
  }

  /** The next answer counts alone, since a fault is over. */
  forget(): void {
    this.#isKnown = false;
  }
}
