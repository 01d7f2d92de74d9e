import type { ResolvedService } from '../../../src/integrations/discovery.js';
import type { NaiveReader } from './naive-reader.js';

const EVERY_MS = 5;
const AT_ONCE = 25;
/** What the clocks of a lookup and of the fault may differ by. */
const SLACK_MS = 50;

export interface LookupFigures {
  readonly lookups: number;
  /** Lookups that threw, or gave fewer instances than there have to be. */
  readonly errors: number;
  /** Lookups that called an answer younger than it can be. */
  readonly dishonest: number;
  /** The errors of a client without levels, doubt or deadlines; undefined: there was none. */
  readonly controlErrors: number | undefined;
}

/** Thousands of lookups a second. */
export class Lookups {
  /** Fewer instances are an error. */
  floor = 0;
  /** Since when nothing can have been confirmed. */
  darkSince: number | undefined;
  readonly #service: ResolvedService;
  readonly #control: NaiveReader | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #counts = { lookups: 0, errors: 0, dishonest: 0 };
  #controlErrors = 0;

  constructor(service: ResolvedService, control: NaiveReader | undefined, floor: number) {
    this.#service = service;
    this.#control = control;
    this.floor = floor;
    this.#timer = setInterval(() => {
      for (let lookup = 0; lookup < AT_ONCE; lookup += 1) this.#look();
    }, EVERY_MS);
  }

  end(): LookupFigures {
    clearInterval(this.#timer);
    return { ...this.#counts, controlErrors: this.#control === undefined ? undefined : this.#controlErrors };
  }

  #look(): void {
    this.#counts.lookups += 1;
    if (this.#control !== undefined && this.#control.find().length < this.floor) this.#controlErrors += 1;
    try {
      const { instances, ageMs } = this.#service.snapshot();
      if (instances.length < this.floor) this.#counts.errors += 1;
      const { darkSince } = this;
      const isAged = ageMs < Infinity && ageMs >= performance.now() - (darkSince ?? Infinity) - SLACK_MS;
      if (darkSince !== undefined && !isAged) this.#counts.dishonest += 1;
    } catch {
      this.#counts.errors += 1;
    }
  }
}
