import { untilNotified } from './abort.js';
import type { Clock } from './clock.js';

/** Lets one loop wait for a time or an event, whichever comes first. */
export class Wakeup {
  #rung = false;
  #wake: (() => void) | undefined;

  /** Ends the current wait, or the next one when there is none. */
  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Ends the current wait; does nothing when there is none. */
  wake(): void {
    this.#wake?.();
  }

  /** Resolves after `ms`, or when `ring` or `wake` is called, to whether it rang; rejects with the signal's reason. */
  async wait(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
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
    const hasRung = this.#rung;
    this.#rung = false;
    return hasRung;
  }
}
