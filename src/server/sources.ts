/** So many addresses are told apart; all others count as one. */
const MOST_SOURCES = 1_000;
/** A source that has not come for so long has gone, whatever its pace was; when it comes again, it is a new one. */
const FORGOTTEN_AFTER_MS = 60_000;
/** The pace is that of about so many requests: few enough to follow a change, and many enough to be sure of. */
const GAPS_REMEMBERED = 32;
/** A source whose requests follow each other so closely is busy: when exactly each of them came decides nothing. */
const BUSY_GAP_MS = 10;

/** How requests from one address have come. Times are `clock.now()`. */
export interface Arrivals {
  readonly address: string;
  readonly lastAt: number;
  /** How many gaps between two requests the mean is made of; 0: there was one request. */
  readonly gaps: number;
  readonly meanGapMs: number;
  /** Of the last minute or two. */
  readonly longestGapMs: number;
}

/** One address that requests come from. Its work for each request is a few additions; while it rests, one. */
export class Source implements Arrivals {
  readonly address: string;
  gaps = 0;
  meanGapMs = 0;
  /** True: it is no longer looked at, its next request is to be counted as that of a new one. */
  retired = false;
  /** True: its requests are only counted, until it is settled. */
  resting = false;
  #uncounted = 0;
  #lastAt: number;
  #longest = 0;
  #longestBefore = 0;
  #longestSince: number;

  /** The first request came at `at`. */
  constructor(address: string, at: number) {
    this.address = address;
    this.#lastAt = at;
    this.#longestSince = at;
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  get longestGapMs(): number {
    return Math.max(this.#longest, this.#longestBefore);
  }

  /** So many requests come from it that looking at the clock for each would be felt. */
  get isBusy(): boolean {
    return this.gaps === GAPS_REMEMBERED && this.meanGapMs < BUSY_GAP_MS;
  }

  /** Another request came while it rests. */
  counted(): void {
    this.#uncounted += 1;
  }

  /** What was only counted came evenly since the last one, for all that is known, and the last of it just now. */
  settle(at: number): void {
    const count = this.#uncounted;
    this.#uncounted = 0;
    const gap = (at - this.#lastAt) / count;
    for (let left = count; left > 0; left -= 1) {
      // Older ones would not be remembered.
      if (left > GAPS_REMEMBERED) this.#lastAt += gap;
      else this.arrived(this.#lastAt + gap);
    }
  }

  /** Another request came. */
  arrived(at: number): void {
    // What is noticed late may have come before the latest.
    const gap = Math.max(0, at - this.#lastAt);
    this.#lastAt += gap;
    if (gap > FORGOTTEN_AFTER_MS) {
      this.gaps = 0;
      this.meanGapMs = 0;
      this.#longest = 0;
      this.#longestBefore = 0;
      return;
    }
    if (this.gaps < GAPS_REMEMBERED) this.gaps += 1;
    this.meanGapMs += (gap - this.meanGapMs) / this.gaps;
    if (at - this.#longestSince > FORGOTTEN_AFTER_MS) {
      this.#longestBefore = this.#longest;
      this.#longest = 0;
      this.#longestSince = at;
    }
    if (gap > this.#longest) this.#longest = gap;
  }

  isForgotten(now: number): boolean {
    return now - this.#lastAt > FORGOTTEN_AFTER_MS;
  }
}

/** Everybody that requests come from, by address as the server sees it: the balancers, where there are some. */
export class Sources {
  readonly #byAddress = new Map<string, Source>();
  #others: Source | undefined;

  /** Those that may come again. */
  known(now: number): readonly Source[] {
    const sources = [...this.#byAddress.values(), ...(this.#others === undefined ? [] : [this.#others])];
    for (const source of sources) source.settle(now);
    return sources.filter((source) => !source.isForgotten(now));
  }

  /** A request came over a connection of which nothing was known. Returns where the next ones over it are to be counted. */
  arrived(address: string | undefined, at: number): Source {
    const name = address?.replace(/^::ffff:/, '') ?? 'unknown';
    const known = this.#byAddress.get(name);
    if (known !== undefined) {
      known.arrived(at);
      return known;
    }
    if (this.#byAddress.size < MOST_SOURCES || this.#retireOne(at)) {
      const source = new Source(name, at);
      this.#byAddress.set(name, source);
      return source;
    }
    if (this.#others === undefined) this.#others = new Source('others', at);
    else this.#others.arrived(at);
    return this.#others;
  }

  /** Makes room, if the one that was looked at longest ago has gone. */
  #retireOne(now: number): boolean {
    const [longestAgo] = this.#byAddress.values();
    if (longestAgo === undefined) return false;
    this.#byAddress.delete(longestAgo.address);
    longestAgo.retired = longestAgo.isForgotten(now);
    // Else to the end of the line: next time another is looked at.
    if (!longestAgo.retired) this.#byAddress.set(longestAgo.address, longestAgo);
    return longestAgo.retired;
  }
}
