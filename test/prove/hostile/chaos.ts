import { Dice, answerSeed } from './grammar/dice.js';
import type { Healing } from './grammar/steps.js';
import { RateMeter } from './rate-meter.js';

/** One hostile answer that was given. */
export interface GivenAnswer {
  readonly registrar: number;
  readonly seed: number;
  readonly verb: string;
  readonly what: string;
}

export interface ChaosOptions {
  readonly seed: number;
  readonly registrars: number;
  /** The seed that all answers have, to try one again. @default each has its own */
  readonly answer?: number | undefined;
  readonly onAnswer: (answer: GivenAnswer) => void;
}

/** Decides which requests get a hostile answer. Between the episodes none does. */
export class Chaos implements Healing {
  readonly #options: ChaosOptions;
  readonly #asked: number[];
  /** Of each Registrar. */
  readonly requests: readonly RateMeter[];
  readonly connections: readonly RateMeter[];
  #share = 0;
  #heal: () => void = () => undefined;
  healed: Promise<void> = Promise.resolve();
  isHealed = true;
  answers = 0;

  constructor(options: ChaosOptions) {
    this.#options = options;
    const each = Array.from({ length: options.registrars });
    this.#asked = each.map(() => 0);
    this.requests = each.map(() => new RateMeter());
    this.connections = each.map(() => new RateMeter());
  }

  /** From now on, so large a share of the answers is hostile. */
  begin(share: number): void {
    this.#share = share;
    this.isHealed = false;
    this.healed = new Promise((resolve) => (this.#heal = resolve));
  }

  /** Every answer is true again, and what still hangs ends. */
  heal(): void {
    this.isHealed = true;
    this.#heal();
  }

  /** The dice of a hostile answer; undefined: this one is to be true. */
  draw(registrar: number): Dice | undefined {
    if (this.isHealed) return undefined;
    const { seed, answer } = this.#options;
    const nth = (this.#asked[registrar] ?? 0) + 1;
    this.#asked[registrar] = nth;
    const own = answerSeed(seed, registrar, nth);
    return new Dice(own ^ 1).chance(this.#share) ? new Dice(answer ?? own) : undefined;
  }

  note(registrar: number, { seed }: Dice, verb: string, what: string): void {
    this.answers += 1;
    this.#options.onAnswer({ registrar, seed, verb, what });
  }
}
