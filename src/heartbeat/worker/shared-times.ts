/** Moments that threads share, in memory that they share: whoever writes one waits for nobody. Whole milliseconds. */
export type SharedTimes = Int32Array<SharedArrayBuffer>;

/** As many moments, all of them at the clock's zero. */
export function sharedTimes(count: number): SharedTimes {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

export function writeTime(times: SharedTimes, index: number, time: number): void {
  // Modulo 2 ** 32: far more than lies between what is written and when it is read.
  Atomics.store(times, index, Math.trunc(time) | 0);
}

/** The moment as it was written, given the time now on the same clock. */
export function readTime(times: SharedTimes, index: number, now: number): number {
  const whole = Math.trunc(now);
  return whole - ((whole - Atomics.load(times, index)) | 0);
}
