import { processWide } from '../core/process-wide.js';

/** Multiples of the golden ratio modulo 1 stay evenly spread, however many are in use. */
const GOLDEN_SHARE = 0.618_033_988_749_895;

/** Spreads the beats of one process's Registrars over the interval, from a random starting point. */
export class BeatSlots {
  readonly #offset: number;
  readonly #taken = new Set<number>();

  constructor(random: () => number) {
    this.#offset = random();
  }

  /** Takes a slot: a share of the interval, 0 to 1, and the function that releases it. */
  take(): { phase: number; release: () => void } {
    let index = 0;
    while (this.#taken.has(index)) index += 1;
    this.#taken.add(index);
    return {
      phase: (this.#offset + index * GOLDEN_SHARE) % 1,
      release: () => {
        this.#taken.delete(index);
      },
    };
  }
}

/** The slots of this process. */
export const processBeatSlots = (): BeatSlots => processWide('beat slots', () => new BeatSlots(Math.random));
