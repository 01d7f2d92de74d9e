import type { Clock } from '../core/clock.js';
import { RegistryUnavailableError } from '../core/errors.js';
import type { RegistrarError } from '../core/errors.js';
import { Wakeup } from '../core/wakeup.js';
import type { Events } from '../telemetry/events.js';

export interface AwaitedFilesPlan {
  readonly clock: Clock;
  readonly events: Events;
  /** Why the instance cannot be registered yet, a file each; empty: all files are there. */
  readonly missing: () => readonly string[];
}

/**
 * Waits for files that are not there yet, as for a registry that is not up yet: an agent or an operator often writes
 * a token or a certificate only after the service was started.
 */
export class AwaitedFiles {
  readonly #plan: AwaitedFilesPlan;
  readonly #changed = new Wakeup();
  #trouble: RegistrarError | undefined;

  constructor(plan: AwaitedFilesPlan) {
    this.#plan = plan;
  }

  /** What is waited for; undefined while nothing is. */
  get trouble(): RegistrarError | undefined {
    return this.#trouble;
  }

  /** Call it when a file was read again. */
  changed(): void {
    this.#changed.ring();
  }

  /** Resolves when all files are there; rejects with the signal's reason. */
  async untilAllThere(signal: AbortSignal): Promise<void> {
    const { clock, events, missing } = this.#plan;
    let wasTold = false;
    try {
      for (let files = missing(); files.length > 0; files = missing()) {
        this.#trouble = new RegistryUnavailableError(
          `${files.join('; ')}: write it, or correct the path in the options or in the environment`,
          { operation: 'start' },
        );
        // Told at once; that it goes on is told as of every wait of a start.
        if (!wasTold) events.emit('beatMissed', { error: this.#trouble, inRow: 1, outageMs: 0, marginMs: 0 });
        wasTold = true;
        await this.#changed.wait(clock, Infinity, signal);
      }
    } finally {
      this.#trouble = undefined;
    }
  }
}
