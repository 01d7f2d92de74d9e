import type { Clock } from '../../core/clock.js';
import type { SerializedError } from '../../core/error-serialization.js';
import { deserializeError } from '../../core/error-serialization.js';

/** A live main thread answers at once, unless the function it calls is slow. */
const ANSWER_WITHIN_MS = 250;

interface Waiting {
  readonly about: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Calls functions on the main thread. While that is stalled, their last results are used, so that no heartbeat waits.
 */
export class MainThreadCalls {
  readonly #clock: Clock;
  readonly #send: (question: number, about: number) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #latest = new Map<number, unknown>();
  #calls = 0;

  constructor(clock: Clock, send: (question: number, about: number) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Settles as the function does on the main thread. The first call waits without limit. */
  ask(about: number): Promise<unknown> {
    const question = (this.#calls += 1);
    return new Promise((resolve, reject) => {
      const cancel = this.#latest.has(about)
        ? this.#clock.after(ANSWER_WITHIN_MS, () => resolve(this.#latest.get(about)))
        : () => undefined;
      const settle = (then: () => void) => {
        cancel();
        then();
      };
      this.#waiting.set(question, {
        about,
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      });
      this.#send(question, about);
    });
  }

  answered(question: number, value: unknown, error: SerializedError | undefined): void {
    const waiting = this.#waiting.get(question);
    this.#waiting.delete(question);
    if (waiting === undefined) return;
    if (error !== undefined) {
      waiting.reject(deserializeError(error));
      return;
    }
    this.#latest.set(waiting.about, value);
    waiting.resolve(value);
  }
}
