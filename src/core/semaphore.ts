import { processWide } from './process-wide.js';

/** A counting semaphore with `permits` permits. */
export class Semaphore {
  readonly #permits: number;
  #taken = 0;

  constructor(permits: number) {
    this.#permits = permits;
  }

  /** Takes a permit. Returns the function that releases it, or undefined when none is free. */
  take(): (() => void) | undefined {
    if (this.#taken >= this.#permits) return undefined;
    this.#taken += 1;
    return () => {
      this.#taken -= 1;
    };
  }
}

/** Limits the long polls of this process, since all processes of a host share the registry's connection limit. */
export const processLongPolls = (): Semaphore => processWide('long polls', () => new Semaphore(4));
