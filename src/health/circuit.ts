/** A service that others call fails so often in a row before its circuit opens without waiting for the component's next run. */
const FAILED_CALLS = 5;

/** Whether calls are let through. Each closed period is an object of its own, so that a late answer counts for none but the one it began in. */
type State = { readonly kind: 'open' } | { readonly kind: 'closed'; failedInRow: number };

/**
 * A circuit breaker around what a component stands for. No call of a user is spent on trying: the trial that closes it is the
 * component's own run. Own code because what there is (cockatiel) keeps its own time, out of reach of the clock.
 */
export class Circuit {
  readonly #onOverload: () => void;
  #state: State = { kind: 'closed', failedInRow: 0 };

  /** @param onOverload told when calls alone have opened it */
  constructor(onOverload: () => void) {
    this.#onOverload = onOverload;
  }

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  open(): void {
    this.#state = { kind: 'open' };
  }

  close(): void {
    this.#state = { kind: 'closed', failedInRow: 0 };
  }

  /** Calls `fn` and settles as it does. Not to be called while open. */
  async through<T>(fn: () => T | Promise<T>): Promise<T> {
    const state = this.#state;
    try {
      const value = await fn();
      if (state.kind === 'closed') state.failedInRow = 0;
      return value;
    } catch (thrown) {
      if (state.kind === 'closed' && (state.failedInRow += 1) === FAILED_CALLS && this.#state === state) {
        this.open();
        this.#onOverload();
      }
      throw thrown;
    }
  }
}
