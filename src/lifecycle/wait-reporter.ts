import type { Clock } from '../core/clock.js';
import { formatDuration } from '../core/duration.js';

/** As for an outage: the least time between two lines about the same wait. */
const REPEAT_EVERY_MS = 60_000;

export interface WaitReport {
  readonly clock: Clock;
  /** How long a wait may last before it is reported. */
  readonly patienceMs: number;
  /** Called with how long the wait has lasted, for people: first after `patienceMs`, then once a minute. */
  readonly report: (waited: string) => void;
}

/** Reports a wait that does not end, so that no instance stays unlisted without a word. */
export class WaitReporter {
  readonly #plan: WaitReport;
  #cancel: (() => void) | undefined;

  constructor(plan: WaitReport) {
    this.#plan = plan;
  }

  /** The wait begins; without effect while one is under way. */
  begin(): void {
    if (this.#cancel === undefined) this.#schedule(this.#plan.patienceMs, this.#plan.clock.now());
  }

  /** The wait is over. */
  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(ms: number, since: number): void {
    const { clock, report } = this.#plan;
    this.#cancel = clock.after(ms, () => {
      // First, since the report may end the wait.
      this.#schedule(REPEAT_EVERY_MS, since);
      report(formatDuration(clock.now() - since));
    });
  }
}
