import type { Config } from '../config/config.js';
import type { Logger } from '../contracts/logger.js';
import { systemClock } from '../core/clock.js';
import { patience } from '../lifecycle/unlisted.js';
import { WaitReporter } from '../lifecycle/wait-reporter.js';
import { SharedSignalsReporter } from '../shutdown/shared-signals.js';
import type { Signals } from '../shutdown/signals.js';
import { describeShared } from '../telemetry/log.js';

export interface PrimaryLogPlan {
  readonly config: Pick<Config, 'name' | 'waitMs' | 'signals' | 'shared'>;
  readonly signals: Signals;
  /** Undefined: no log. */
  readonly logger: Logger | undefined;
}

/** The lines of a primary itself, which has a Registrar only while a worker serves. */
export class PrimaryLog {
  readonly #idle: WaitReporter;
  readonly #shared: SharedSignalsReporter | undefined;

  constructor({ config: { name, waitMs, signals: wanted, shared }, signals, logger }: PrimaryLogPlan) {
    this.#idle = new WaitReporter({
      clock: systemClock,
      patienceMs: patience(waitMs),
      report: (waited) => {
        const remedy = 'call register() with this name in the workers, for servers that listen';
        logger?.warn({ service: name }, `${name}: not registered after ${waited}, no worker serves it: ${remedy}`);
      },
    });
    if (shared) return;
    this.#shared = new SharedSignalsReporter({
      signals,
      wanted,
      clock: systemClock,
      onShared: (found) => {
        logger?.info({ service: name, ...found }, `${name}: ${describeShared(found)}`);
      },
    });
  }

  /** Whether some worker serves; without one, it says so after a while. */
  serving(isServing: boolean): void {
    if (isServing) this.#idle.end();
    else this.#idle.begin();
  }

  end(): void {
    this.#idle.end();
    this.#shared?.end();
  }
}
