import type { Clock } from './clock.js';

/** How often something may happen. */
export interface TokenRate {
  /** How many times at once, after a quiet period. */
  readonly burst: number;
  /** The time in which one more token comes. */
  readonly refillMs: number;
}

/** Limits a rate: a burst passes at once, and the rest waits (https://en.wikipedia.org/wiki/Token_bucket). */
export class TokenBucket {
  readonly #clock: Clock;
  readonly #rate: TokenRate;
  /** When the bucket is full again. */
  #fullAt = -Infinity;

  constructor(clock: Clock, rate: TokenRate) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** Resolves once there is a token, at once if there is one now; rejects with the signal's reason. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { burst, refillMs } = this.#rate;
    const now = this.#clock.now();
    const fullAt = Math.max(now, this.#fullAt);
    this.#fullAt = fullAt + refillMs;
    const waitMs = fullAt - (burst - 1) * refillMs - now;
    if (waitMs > 0) await this.#clock.sleep(waitMs, signal);
  }
}
