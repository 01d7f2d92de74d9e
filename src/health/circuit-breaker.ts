import type { Clock } from '../core/clock.js';

/** A service that others call fails so often in a row before its circuit opens without waiting for the component's next run. */
const FAILED_CALLS = 5;

/** Whether calls are let through. Each period is an object of its own, so that a late answer counts for none but the one it began in. */
type State = { readonly kind: 'open'; readonly trialAt: number } | { readonly kind: 'closed'; failedInRow: number };

export interface CircuitBreakerPlan {
  readonly clock: Clock;
  /** After so long without a look at what it stands for a call is the trial. */
  readonly patienceMs: number;
  /** Told when calls alone have opened it. */
  readonly onOverload: () => void;
  /** Told how the call ended that was let through on trial. */
  readonly onTrial: (succeeded: boolean) => void;
}

/**
 * A circuit breaker around what a component stands for. The trial that closes it is the component's own run; a call is spent on one only
 * where no run comes, one call at a time, and the others fail fast meanwhile. Own code, because what there is (cockatiel) has the others wait
 * for a trial that may hang, counts failures that come late, and goes by the time of day, which can be set.
 */
export class CircuitBreaker {
  readonly #plan: CircuitBreakerPlan;
  #state: State = { kind: 'closed', failedInRow: 0 };

  constructor(plan: CircuitBreakerPlan) {
    this.#plan = plan;
  }

  /** Whether a call has to fail now. */
  get refuses(): boolean {
    return this.#state.kind === 'open' && this.#plan.clock.now() < this.#state.trialAt;
  }

  /** Opened again while open: the trial has failed, or has just begun. */
  open(): void {
    const { clock, patienceMs } = this.#plan;
    this.#state = { kind: 'open', trialAt: clock.now() + patienceMs };
  }

  close(): void {
    this.#state = { kind: 'closed', failedInRow: 0 };
  }

  /** Calls `fn` and settles as it does. Not to be called while it refuses. */
  async through<T>(fn: () => T | Promise<T>): Promise<T> {
    if (this.#state.kind === 'open') this.open();
    const state = this.#state;
    try {
      const value = await fn();
      this.#ended(state, true);
      return value;
    } catch (thrown) {
      this.#ended(state, false);
      throw thrown;
    }
  }

  #ended(began: State, succeeded: boolean): void {
    if (began !== this.#state) return;
    if (began.kind === 'open') {
      this.#plan.onTrial(succeeded);
      return;
    }
    began.failedInRow = succeeded ? 0 : began.failedInRow + 1;
    if (began.failedInRow < FAILED_CALLS) return;
    this.open();
    this.#plan.onOverload();
  }
}
