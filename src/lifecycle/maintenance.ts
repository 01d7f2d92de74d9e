import { ownMaintenance } from '../contracts/health-report.js';
import type { HealthReport } from '../contracts/health-report.js';
import { abortable } from '../core/abort.js';
import type { Events } from '../telemetry/events.js';
import { printable } from '../core/printable.js';

/** A length that every registry accepts. */
const LONGEST_REASON = 200;

/** The host's wish to be in maintenance, and whether the registry shows it yet. */
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

  /** The report for heartbeats; undefined: they carry the instance's own health. */
  get report(): HealthReport | undefined {
    return this.#report;
  }

  /** Requests maintenance for `reason`, or its end (undefined). */
  want(reason: string | undefined): void {
    this.#report = reason === undefined ? undefined : ownMaintenance(printable(reason, LONGEST_REASON));
    this.#settle();
  }

  /** Resolves when the registry shows the latest request; rejects with the signal's reason. */
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
