import type { Entry } from '../contracts/registry.js';
import type { Events } from '../telemetry/events.js';
import { printable } from '../core/printable.js';

const LONGEST_OUTPUT = 300;

/** Warns of registry-side checks that cannot pass as configured, once each until the check has passed. */
export class FailingProbes {
  readonly #events: Events;
  #reported = new Set<string>();

  constructor(events: Events) {
    this.#events = events;
  }

  /** Call it with every entry that was read. */
  look({ checks }: Entry): void {
    const troubled = checks.filter(({ advice }) => advice !== undefined);
    for (const { id, advice = '', output } of troubled) {
      if (this.#reported.has(id)) continue;
      this.#events.emit('warning', {
        message: `the check ${id} cannot pass: ${advice}. The registry says: ${printable(output, LONGEST_OUTPUT)}`,
      });
    }
    this.#reported = new Set(troubled.map(({ id }) => id));
  }
}
