import type { Outcome } from './component.js';
import type { ComponentReason, ComponentStatus } from './report.js';

const badness: Readonly<Record<ComponentStatus, number>> = { passing: 0, warning: 1, critical: 2 };

/**
 * What is thought of a component: it changes only when enough outcomes in a row say so. Between two changes its reason stays the
 * first one, so that a database that refuses now and hangs then gives the same bytes.
 */
export class Opinion {
  readonly #needed: { readonly failures: number; readonly successes: number };
  #status: ComponentStatus = 'passing';
  #reason: ComponentReason = 'unknown';
  /** 1: the latest outcomes were worse than what is thought, -1: better. */
  #trend = 0;
  #inRow = 0;

  constructor(needed: { readonly failures: number; readonly successes: number }) {
    this.#needed = needed;
  }

  get status(): ComponentStatus {
    return this.#status;
  }

  get reason(): ComponentReason {
    return this.#reason;
  }

  /** Takes an outcome into account. True when that changes the status, or makes it known. */
  hear(outcome: Outcome): boolean {
    const trend = Math.sign(badness[outcome.status] - badness[this.#status]);
    this.#inRow = trend === this.#trend ? this.#inRow + 1 : 1;
    this.#trend = trend;
    if (trend === 0) {
      if (this.#reason !== 'unknown') return false;
      this.#reason = outcome.reason;
      return true;
    }
    if (this.#inRow < (trend > 0 ? this.#needed.failures : this.#needed.successes)) return false;
    this.settle(outcome);
    return true;
  }

  /** Takes an outcome for the whole truth. */
  settle({ status, reason }: Outcome): void {
    this.#status = status;
    this.#reason = reason;
    this.#trend = 0;
    this.#inRow = 0;
  }
}
