import { ownMaintenance } from '../contracts/health-report.js';
import type { HealthReport } from '../contracts/health-report.js';
import { abortable } from '../core/abort.js';
import type { Events } from '../telemetry/events.js';
import { printable } from '../core/printable.js';

/** What every registry can carry. */
const LONGEST_REASON = 200;

/** Whether the host wants to be out of traffic for a while, and whether the registry shows that yet. */
export class Maintenance {
  #report: HealthReport | undefined;
  #shown = false;
  #waiting: (() => void)[] = [];

  constructor(events: Events) {
    events.on('maintenance', ({ on }) => {
      this.#shown = on;
      this.#settle();
    });
  }

  /** What heartbeats are to say; undefined: the instance's own health. */
  get report(): HealthReport | undefined {
    return this.#report;
  }

  /** For `reason`; undefined: no more. */
  want(reason: string | undefined): void {
    this.#report = reason === undefined ? undefined : ownMaintenance(printable(reason, LONGEST_REASON));
    this.#settle();
  }

  /** Resolves when the registry shows what is wanted last; rejects with the signal's reason. */
  shown(signal: AbortSignal): Promise<void> {
    const settled = new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
    this.#settle();
    return abortable(settled, signal);
  }

  #settle(): void {
    if ((this.#report !== undefined) !== this.#shown) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
