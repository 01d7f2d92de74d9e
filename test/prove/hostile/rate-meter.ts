const SECOND_MS = 1_000;

/** Counts what happens, and knows the most that happened within one second. */
export class RateMeter {
  readonly #times: number[] = [];
  #most = 0;
  total = 0;

  count(now = performance.now()): void {
    this.total += 1;
    this.#times.push(now);
    while (now - (this.#times[0] ?? now) >= SECOND_MS) this.#times.shift();
    this.#most = Math.max(this.#most, this.#times.length);
  }

  /** The most within one second since the last call. */
  takeMost(): number {
    const most = this.#most;
    this.#most = 0;
    return most;
  }
}
