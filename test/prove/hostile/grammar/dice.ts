import { seededRandom } from '../../../support/seeded.js';

/** Choices that follow from a seed alone. */
export class Dice {
  readonly seed: number;
  readonly #random: () => number;

  constructor(seed: number) {
    this.seed = seed;
    this.#random = seededRandom(seed);
  }

  /** A whole number from 0 to `below - 1`. */
  int(below: number): number {
    return Math.floor(this.#random() * below);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  pick<T>(list: readonly T[]): T {
    if (list.length === 0) throw new Error('There is nothing to choose from');
    return list[this.int(list.length)] as T;
  }

  /** One of the keys, each as often as its number says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let left = this.#random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    return (entries.at(-1) as [K, number])[0];
  }
}

/** The seed of one answer: a run can be repeated as a whole, and each of its answers alone. */
export function answerSeed(runSeed: number, registrar: number, nth: number): number {
  let mixed = Math.imul(runSeed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(registrar + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ nth, 0x27d4eb2f);
  return (mixed ^ (mixed >>> 13)) >>> 1;
}
