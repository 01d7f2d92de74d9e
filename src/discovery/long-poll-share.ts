import { Semaphore } from '../core/semaphore.js';

/** For a registry without long polls, and for services beyond those that can have one. */
const POLL_EVERY_MS = 1_000;
/** What all services without a long poll may send to one registry together. */
const MOST_POLLS_A_SECOND = 10;

/**
 * Shares the long polls that a registry can hold among the services that are watched there. A long poll occupies a
 * connection all the time, so one that had to wait for another would be minutes late.
 */
export class LongPollShare {
  readonly #semaphore: Semaphore;
  #without = 0;

  /** `longPolls`: how many the registry can hold at once. */
  constructor(longPolls: number) {
    this.#semaphore = new Semaphore(longPolls);
  }

  /** Takes part for one service. */
  join(): LongPollPart {
    this.#without += 1;
    let release: (() => void) | undefined;
    const everyMs = () => Math.max(POLL_EVERY_MS, (this.#without * 1_000) / MOST_POLLS_A_SECOND);
    return {
      mayHold: () => {
        if (release === undefined) {
          release = this.#semaphore.take();
          if (release !== undefined) this.#without -= 1;
        }
        return release !== undefined;
      },
      everyMs: () => (release === undefined ? everyMs() : POLL_EVERY_MS),
      leave: () => {
        if (release === undefined) this.#without -= 1;
        release?.();
      },
    };
  }
}

/** The part of one service. */
export interface LongPollPart {
  /** Whether the service may have a long poll; once it may, it does until it leaves. */
  readonly mayHold: () => boolean;
  /** The interval of polls that are no long polls. */
  readonly everyMs: () => number;
  /** Called once. */
  readonly leave: () => void;
}
