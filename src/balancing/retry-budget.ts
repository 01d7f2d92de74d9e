import type { Clock } from '../core/clock.js';

/** Repeats for each call. */
const SHARE = 0.2;
/** Repeats a second that are free, for services with few calls. */
const FREE_PER_SECOND = 3;
/** The most that calls save up: a second outage soon after the first is no reason for a storm. */
const MOST_SAVED = 10;

/**
 * Limits repeated calls to a fifth of the calls and three a second, so that repeating cannot bring down what is
 * overloaded already (https://finagle.github.io/blog/2016/02/08/retry-budgets/).
 */
export class RetryBudget {
  readonly #clock: Clock;
  #saved = 0;
  #free = FREE_PER_SECOND;
  #at: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.now();
  }

  /** A call begins. */
  called(): void {
    this.#saved = Math.min(MOST_SAVED, this.#saved + SHARE);
  }

  /** Whether a call may be repeated; it counts as repeated if so. */
  take(): boolean {
    const now = this.#clock.now();
    this.#free = Math.min(FREE_PER_SECOND, this.#free + ((now - this.#at) / 1_000) * FREE_PER_SECOND);
    this.#at = now;
    if (this.#free >= 1) this.#free -= 1;
    else if (this.#saved >= 1) this.#saved -= 1;
    else return false;
    return true;
  }
}
