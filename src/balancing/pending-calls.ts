/** Calls are counted by the period in which they began. */
export const PERIOD_MS = 5_000;
const PERIODS = 13;

/**
 * How many calls of an instance are under way. A call that never ends counts for 60 to 65 s: a caller that forgets to
 * say `done` must not make an instance look busy for ever. Counting by periods needs no clock, and a beginning is one
 * addition.
 */
export class PendingCalls {
  /** Of all calls so far; raised by one for each that begins. */
  begun = 0;
  #over = 0;
  #begunBefore = 0;
  readonly #begunIn: number[] = new Array<number>(PERIODS).fill(0);
  readonly #endedIn: number[] = new Array<number>(PERIODS).fill(0);

  get count(): number {
    return this.begun - this.#over;
  }

  /** True while a call that began in `period` counts. */
  static counts(period: number, now: number): boolean {
    return now - period < PERIODS;
  }

  /** `now` is the current period. A call that no longer counts changes nothing. */
  end(period: number, now: number): void {
    if (!PendingCalls.counts(period, now)) return;
    this.#over += 1;
    const slot = period % PERIODS;
    this.#endedIn[slot] = (this.#endedIn[slot] ?? 0) + 1;
  }

  /** Begins a period, and forgets the calls that began too long ago. To be called at the beginning of each. */
  enter(period: number): void {
    this.#begunIn[(period - 1) % PERIODS] = this.begun - this.#begunBefore;
    this.#begunBefore = this.begun;
    const slot = period % PERIODS;
    this.#over += (this.#begunIn[slot] ?? 0) - (this.#endedIn[slot] ?? 0);
    this.#begunIn[slot] = 0;
    this.#endedIn[slot] = 0;
  }
}
