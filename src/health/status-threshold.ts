import type { Outcome } from './component.js';
import type { ComponentReason, ComponentStatus } from '../contracts/health-report.js';

/** From the best to the worst. */
const statuses: readonly ComponentStatus[] = ['passing', 'warning', 'critical'];

/**
 * The status of a component. It changes only after enough consecutive outcomes, and then only as far as all of them
 * agree. Between two changes it keeps its first reason, so that a database that first refuses and then hangs gives
 * the same bytes.
 */
export class StatusThreshold {
  readonly #needed: { readonly failures: number; readonly successes: number };
  #status: ComponentStatus = 'passing';
  #reason: ComponentReason = 'unknown';
  /** For each status: how many consecutive outcomes were at least as bad, and at most as bad. */
  readonly #atLeast = [0, 0, 0];
  readonly #atMost = [0, 0, 0];

  constructor(needed: { readonly failures: number; readonly successes: number }) {
    this.#needed = needed;
  }

  get status(): ComponentStatus {
    return this.#status;
  }

  get reason(): ComponentReason {
    return this.#reason;
  }

  /** Records an outcome. Returns true when the status changes or becomes known. */
  hear(outcome: Outcome): boolean {
    const said = statuses.indexOf(outcome.status);
    statuses.forEach((_, level) => {
      this.#atLeast[level] = said >= level ? (this.#atLeast[level] ?? 0) + 1 : 0;
      this.#atMost[level] = said <= level ? (this.#atMost[level] ?? 0) + 1 : 0;
    });
    const status = this.#concluded();
    if (status === this.#status && (this.#reason !== 'unknown' || outcome.status !== status)) return false;
    // The status that all outcomes agree on may be better than the last outcome.
    this.#status = status;
    this.#reason = outcome.status === status ? outcome.reason : 'warning';
    return true;
  }

  /** Sets the status at once, regardless of earlier outcomes. */
  settle({ status, reason }: Outcome): void {
    this.#status = status;
    this.#reason = reason;
    this.#atLeast.fill(0);
    this.#atMost.fill(0);
  }

  #concluded(): ComponentStatus {
    const { failures, successes } = this.#needed;
    const current = statuses.indexOf(this.#status);
    const worse = statuses.findLast((_, level) => level > current && (this.#atLeast[level] ?? 0) >= failures);
    const better = statuses.find((_, level) => level < current && (this.#atMost[level] ?? 0) >= successes);
    return worse ?? better ?? this.#status;
  }
}
