import { untilNotified } from './abort.js';
import type { Clock } from './clock.js';

/** Wakes the one loop that waits for it: after a time, or as soon as it is rung. A ring that nobody waits for is kept. */
export class Wakeup {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Wakes whoever waits now; nothing is kept for later. */
  wake(): void {
    this.#wake?.();
  }

  /** Resolves after `ms` or at a ring; rejects with the signal's reason. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#rung && ms > 0) {
      await untilNotified((wake) => {
        const cancel = clock.after(ms, wake);
        this.#wake = wake;
        return () => {
          cancel();
          this.#wake = undefined;
        };
      }, signal);
    }
    this.#rung = false;
  }
}
