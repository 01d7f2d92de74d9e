/** A request may take this many of the registry's round trips, and this long at most. */
const ROUND_TRIPS = 2;
export const LONGEST_REQUEST_MS = 20_000;

/** From this round trip on, each request less is worth a risk. */
const LONG_MS = 1_000;

/** How late a registry answers, and how long a request may take accordingly. */
export class RoundTrip {
  readonly #usualMs: number;
  #lastMs: number | undefined;
  #hasTimedOut = false;

  /** `usualMs`: how long a request may take while the registry answers on time. */
  constructor(usualMs: number) {
    this.#usualMs = usualMs;
  }

  /** How long the last answer took; undefined before the first. */
  get lastMs(): number | undefined {
    return this.#lastMs;
  }

  get isLong(): boolean {
    return (this.#lastMs ?? 0) >= LONG_MS;
  }

  answered(tookMs: number): void {
    this.#lastMs = tookMs;
    this.#hasTimedOut = false;
  }

  /** A request had no answer in time: the next one may take longer. */
  timedOut(): void {
    this.#hasTimedOut = true;
  }

  get deadlineMs(): number {
    const atLeastMs = this.#hasTimedOut ? this.#usualMs : 0;
    const knownMs = Math.max(this.#lastMs ?? 0, atLeastMs);
    return Math.max(this.#usualMs, Math.min(ROUND_TRIPS * knownMs, LONGEST_REQUEST_MS));
  }
}
