import { untilNotified } from '../core/abort.js';

const MOST_AT_ONCE = 4;
/** What a registry without a leader says changes little. */
const EVERY_MS = 10_000;
/** What all services may send to one registry together. */
const MOST_A_SECOND = 10;

/** Limits what readers ask of a registry without a leader: all of them turn to it at the same moment. */
export class StaleReads {
  readonly #waiting = new Set<() => void>();
  #users = 0;
  #reading = 0;

  /** Counts one service more; the returned function, called once, one less. */
  join(): () => void {
    this.#users += 1;
    return () => {
      this.#users -= 1;
    };
  }

  /** The interval of the reads of a service. */
  get everyMs(): number {
    return Math.max(EVERY_MS, (this.#users * 1_000) / MOST_A_SECOND);
  }

  /** Runs a read in its turn. Rejects with the signal's reason, or as the read does. */
  async run<T>(signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    while (this.#reading >= MOST_AT_ONCE) {
      await untilNotified((notify) => {
        this.#waiting.add(notify);
        return () => this.#waiting.delete(notify);
      }, signal);
    }
    signal.throwIfAborted();
    this.#reading += 1;
    try {
      return await read();
    } finally {
      this.#reading -= 1;
      const [next] = this.#waiting;
      next?.();
    }
  }
}
