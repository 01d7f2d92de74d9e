import type { Clock } from '../core/clock.js';

/** Consecutive failed calls that open the circuit before the component's next run. */
const FAILED_CALLS = 5;

/**
 * Whether calls pass. Each period is its own object, so that a late result counts only for the period in which it
 * began.
 */
type State = { readonly kind: 'open'; readonly trialAt: number } | { readonly kind: 'closed'; failedInRow: number };

export interface CircuitBreakerPlan {
  readonly clock: Clock;
  /** After this time without a run of the component, a call serves as the trial. */
  readonly patienceMs: number;
  /** Called when failed calls opened the circuit. */
  readonly onOverload: () => void;
  /** Called with the result of the trial call. */
  readonly onTrial: (succeeded: boolean) => void;
}

/**
 * A circuit breaker around a component. The component's own run is the trial that closes it. Only where no run comes
 * does one call at a time serve as the trial, while the others fail fast. Own code, because cockatiel makes calls
 * wait for a trial that may hang, counts late failures, and uses the wall clock, which can be set.
 */
export class CircuitBreaker {
  readonly #plan: CircuitBreakerPlan;
  #state: State = { kind: 'closed', failedInRow: 0 };

  constructor(plan: CircuitBreakerPlan) {
    this.#plan = plan;
  }

  /** Whether a call must fail now. */
  get refuses(): boolean {
    return this.#state.kind === 'open' && this.#plan.clock.now() < this.#state.trialAt;
  }

  /** Opens the circuit. When it is open already, the trial failed or has just begun. */
  open(): void {
    const { clock, patienceMs } = this.#plan;
    this.#state = { kind: 'open', trialAt: clock.now() + patienceMs };
  }

  close(): void {
    this.#state = { kind: 'closed', failedInRow: 0 };
  }

  /** Calls `fn` and settles as it does. Do not call it while `refuses` is true. */
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
