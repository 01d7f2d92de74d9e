import type { Clock } from '../core/clock.js';
import type { RegistrarEvents } from '../contracts/events.js';
import { printable } from '../core/printable.js';
import type { NamedListener, Signals } from './signals.js';

/** Code that adds one listener usually adds several, which one line names together. */
const GATHER_MS = 200;
const LONGEST_SOURCE = 60;

export interface SharedSignalsPlan {
  readonly signals: Signals;
  readonly wanted: readonly string[];
  readonly clock: Clock;
  /** Called with listeners that were not reported before. */
  readonly onShared: (shared: RegistrarEvents['sharedSignals']) => void;
}

/** Reports the host's listeners once each: those of the start together, and later those that were added since. */
export class SharedSignalsReporter {
  readonly #plan: SharedSignalsPlan;
  readonly #reported = new WeakSet<NamedListener>();
  readonly #offForeign: () => void;
  #cancel: (() => void) | undefined;

  constructor(plan: SharedSignalsPlan) {
    this.#plan = plan;
    this.#offForeign = plan.signals.onForeign(() => this.#gather());
    this.#gather();
  }

  /** Reports now what would be reported in a moment. */
  flush(): void {
    if (this.#cancel !== undefined) this.#report();
  }

  end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#offForeign();
  }

  #gather(): void {
    this.#cancel ??= this.#plan.clock.after(GATHER_MS, () => this.#report());
  }

  #report(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const { signals, wanted, onShared } = this.#plan;
    const found = wanted.flatMap((signal) =>
      signals.foreign(signal).flatMap((listener) => (this.#reported.has(listener) ? [] : [{ signal, listener }])),
    );
    if (found.length === 0) return;
    for (const { listener } of found) this.#reported.add(listener);
    onShared({
      signals: [...new Set(found.map(({ signal }) => signal))],
      listeners: [...new Set(found.map(({ listener }) => listener))].map(describe),
    });
  }
}

function describe(listener: NamedListener): string {
  if (listener.name !== '') return printable(listener.name);
  const source = listener.toString().replaceAll(/\s+/g, ' ');
  return `an anonymous function (${printable(source, LONGEST_SOURCE)})`;
}
