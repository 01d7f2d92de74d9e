/** The number of addresses counted separately; all others count as one source. */
const MOST_SOURCES = 1_000;
/** A source that is silent for this long has gone, whatever its rate was; it starts anew when it returns. */
const FORGOTTEN_AFTER_MS = 60_000;
/** The number of gaps behind the rate: few enough to follow a change, many enough to be reliable. */
const GAPS_REMEMBERED = 32;
/** A source with shorter gaps is busy: the exact time of each request does not matter. */
const BUSY_GAP_MS = 10;

/** The arrival statistics of one address. Times are `clock.now()`. */
export interface Arrivals {
  readonly address: string;
  readonly lastAt: number;
  /** The number of gaps behind the mean; 0 after a single request. */
  readonly gaps: number;
  readonly meanGapMs: number;
  /** The longest gap of the last one to two minutes. */
  readonly longestGapMs: number;
}

/** One source of requests. A request costs a few additions; while the source rests, one. */
export class Source implements Arrivals {
  readonly address: string;
  gaps = 0;
  meanGapMs = 0;
  /** True when it was dropped: its next request counts for a new source. */
  retired = false;
  /** True while its requests are only counted, until `settle`. */
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

  /** Whether reading the clock for each of its requests would be noticeable. */
  get isBusy(): boolean {
    return this.gaps === GAPS_REMEMBERED && this.meanGapMs < BUSY_GAP_MS;
  }

  /** Counts a request while it rests. */
  counted(): void {
    this.#uncounted += 1;
  }

  /** Spreads the counted requests evenly over the time since the last one. */
  settle(at: number): void {
    const count = this.#uncounted;
    this.#uncounted = 0;
    const gap = (at - this.#lastAt) / count;
    for (let left = count; left > 0; left -= 1) {
      // Older gaps would not be kept.
      if (left > GAPS_REMEMBERED) this.#lastAt += gap;
      else this.arrived(this.#lastAt + gap);
    }
  }

  /** Records a request. */
  arrived(at: number): void {
    // A request recorded late may be older than the latest.
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

/** All sources of requests by their address as the server sees it, e.g. the load balancers. */
export class Sources {
  readonly #byAddress = new Map<string, Source>();
  #others: Source | undefined;

  /** The sources that may send again. */
  known(now: number): readonly Source[] {
    const sources = [...this.#byAddress.values(), ...(this.#others === undefined ? [] : [this.#others])];
    for (const source of sources) source.settle(now);
    return sources.filter((source) => !source.isForgotten(now));
  }

  /** Records the first request of a connection. Returns the source that counts its next ones. */
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

  /** Makes room when the source checked longest ago has gone. */
  #retireOne(now: number): boolean {
    const [longestAgo] = this.#byAddress.values();
    if (longestAgo === undefined) return false;
    this.#byAddress.delete(longestAgo.address);
    longestAgo.retired = longestAgo.isForgotten(now);
    // Otherwise moves it to the end, so that the next call checks another.
    if (!longestAgo.retired) this.#byAddress.set(longestAgo.address, longestAgo);
    return longestAgo.retired;
  }
}
