import type { Clock } from '../core/clock.js';
import { isAbortError } from '../core/abort.js';

/** Consecutive failed calls that open the circuit before the component's next run. */
const FAILED_CALLS = 5;

/**
 * Whether calls pass. Each period is its own object, so that a late result counts only for the period in which it
 * began.
 */
type State =
  | { readonly kind: 'open'; readonly trialAt: number; readonly openedBy: 'calls' | 'runs' }
  | { readonly kind: 'closed'; failedInRow: number };

/** What a call tells about the component; nothing when the caller gave up. */
type Verdict = 'good' | 'failed' | 'nothing';

export interface CircuitBreakerPlan {
  readonly clock: Clock;
  /** After this time without a run of the component, a call serves as the trial. */
  readonly patienceMs: number;
  /** Whether the error of a call is the component's failure. */
  readonly countsAsFailure: (error: unknown) => boolean;
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

  /** Whether failed calls opened the circuit, and no run has failed since. */
  get isOpenedByCalls(): boolean {
    return this.#state.kind === 'open' && this.#state.openedBy === 'calls';
  }

  /** Opens the circuit because runs failed. When it is open already, the trial failed or has just begun. */
  open(): void {
    this.#open('runs');
  }

  close(): void {
    this.#state = { kind: 'closed', failedInRow: 0 };
  }

  /** Calls `fn` and settles as it does. Do not call it while `refuses` is true. */
  async through<T>(fn: () => T | Promise<T>): Promise<T> {
    if (this.#state.kind === 'open') this.#open(this.#state.openedBy);
    const state = this.#state;
    try {
      const value = await fn();
      this.#ended(state, 'good');
      return value;
    } catch (thrown) {
      this.#ended(state, this.#judge(thrown));
      throw thrown;
    }
  }

  #open(openedBy: 'calls' | 'runs', patienceMs = this.#plan.patienceMs): void {
    this.#state = { kind: 'open', trialAt: this.#plan.clock.now() + patienceMs, openedBy };
  }

  #judge(thrown: unknown): Verdict {
    try {
      if (this.#plan.countsAsFailure(thrown)) return 'failed';
    } catch {
      // The call settles as it does whatever the function does; an error that it cannot judge counts.
      return 'failed';
    }
    return isAbortError(thrown) ? 'nothing' : 'good';
  }

  #ended(began: State, verdict: Verdict): void {
    if (began !== this.#state) return;
    if (began.kind === 'open') {
      // A trial that told nothing leaves the next call to be one.
      if (verdict === 'nothing') this.#open(began.openedBy, 0);
      else this.#plan.onTrial(verdict === 'good');
      return;
    }
    if (verdict === 'nothing') return;
    began.failedInRow = verdict === 'good' ? 0 : began.failedInRow + 1;
    if (began.failedInRow < FAILED_CALLS) return;
    this.#open('calls');
    this.#plan.onOverload();
  }
}
