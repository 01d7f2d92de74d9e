import type { Clock } from '../core/clock.js';

/** So many sweeps pass at once; then one in so many times of what the last one took. */
const BURST = 4;
const REFILL = 5;

/**
 * Decides when all services are read again: at once, but where changes that no feed names go on, a fifth of the time at
 * most. As a token bucket does, whose refill takes as long as the sweeps.
 */
export class SweepPace {
  readonly #clock: Clock;
  readonly #sweep: (onDone: (tookMs: number) => void) => void;
  #state: 'idle' | 'waiting' | 'running' | 'running, and another is due' = 'idle';
  /** When the bucket is full again. */
  #fullAt = -Infinity;
  #refillMs = 0;
  #cancel: () => void = () => undefined;

  constructor(clock: Clock, sweep: (onDone: (tookMs: number) => void) => void) {
    this.#clock = clock;
    this.#sweep = sweep;
  }

  /** Any service may have changed. */
  request(): void {
    if (this.#state === 'running') this.#state = 'running, and another is due';
    if (this.#state !== 'idle') return;
    this.#state = 'waiting';
    const waitMs = this.#fullAt - this.#clock.now() - (BURST - 1) * this.#refillMs;
    this.#cancel = this.#clock.after(Math.max(0, waitMs), () => {
      this.#state = 'running';
      this.#sweep((tookMs) => {
        this.#ended(tookMs);
      });
    });
  }

  /** Forgets what was requested. */
  reset(): void {
    this.#cancel();
    this.#state = 'idle';
  }

  #ended(tookMs: number): void {
    const isAnotherDue = this.#state === 'running, and another is due';
    this.#refillMs = REFILL * tookMs;
    this.#fullAt = Math.max(this.#clock.now(), this.#fullAt) + this.#refillMs;
    this.#state = 'idle';
    if (isAnotherDue) this.request();
  }
}
