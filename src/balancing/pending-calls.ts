/** Calls are counted by the period in which they began. */
export const PERIOD_MS = 5_000;
const PERIODS = 13;

/**
 * How many calls of an instance are under way. A call that never ends counts for 60 to 65 s: a caller that forgets to
 * say `done` must not make an instance look busy for ever. Counting by periods needs no clock.
 */
export class PendingCalls {
  readonly #byPeriod: number[] = new Array<number>(PERIODS).fill(0);
  count = 0;

  begin(period: number): void {
    this.count += 1;
    this.#byPeriod[period % PERIODS]! += 1;
  }

  /** `now` is the current period. A call that no longer counts changes nothing. */
  end(period: number, now: number): void {
    if (!PendingCalls.counts(period, now)) return;
    this.count -= 1;
    this.#byPeriod[period % PERIODS]! -= 1;
  }

  /** True while a call that began in `period` counts. */
  static counts(period: number, now: number): boolean {
    return now - period < PERIODS;
  }

  /** Forgets the calls that began too long ago. To be called at the beginning of each period. */
  enter(period: number): void {
    const slot = period % PERIODS;
    this.count -= this.#byPeriod[slot]!;
    this.#byPeriod[slot] = 0;
  }
}
