import { processWide } from './process-wide.js';

/** A bounded number of something that several may hold at once. */
export class Semaphore {
  readonly #most: number;
  #held = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The way to give the permit back; undefined when all are held. */
  take(): (() => void) | undefined {
    if (this.#held >= this.#most) return undefined;
    this.#held += 1;
    return () => {
      this.#held -= 1;
    };
  }
}

/** Held polls of this process: they count against a registry's connection limit, which all processes of a host share. */
export const processLongPolls = (): Semaphore => processWide('long polls', () => new Semaphore(4));
