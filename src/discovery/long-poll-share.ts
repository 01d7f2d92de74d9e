import { POLL_EVERY_MS } from './poll-pace.js';

/** What all services without a long poll may send to one registry together. */
const MOST_POLLS_A_SECOND = 10;

/**
 * Shares the long polls that a registry can hold among the services that are watched there. A long poll occupies a
 * connection all the time, so one that had to wait for another would be minutes late.
 */
export class LongPollShare {
  readonly #most: number;
  #longPolls = 0;
  #reserved = 0;
  #without = 0;

  /** `most`: how many the registry can hold at once. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Takes long polls away from the services. The returned function, called once, gives them back. */
  reserve(count: number): () => void {
    this.#reserved += count;
    return () => {
      this.#reserved -= count;
    };
  }

  /** Takes part for one service. */
  join(): LongPollPart {
    this.#without += 1;
    let holds = false;
    const change = (next: boolean) => {
      const by = Number(next) - Number(holds);
      this.#longPolls += by;
      this.#without -= by;
      holds = next;
    };
    return {
      mayHold: () => {
        change(this.#longPolls + Number(!holds) + this.#reserved <= this.#most);
        return holds;
      },
      everyMs: () => (holds ? POLL_EVERY_MS : Math.max(POLL_EVERY_MS, (this.#without * 1_000) / MOST_POLLS_A_SECOND)),
      leave: () => {
        change(false);
        this.#without -= 1;
      },
    };
  }
}

/** The part of one service. */
export interface LongPollPart {
  /** Whether the next poll may be a long poll. Once one was, the next ones are too, unless some are reserved. */
  readonly mayHold: () => boolean;
  /** The interval of polls that are no long polls. */
  readonly everyMs: () => number;
  /** Called once. */
  readonly leave: () => void;
}
