/** Timestamps in shared memory, in whole milliseconds; writing one never blocks. */
export type SharedTimes = Int32Array<SharedArrayBuffer>;

/** Creates `count` timestamps, all zero. */
export function sharedTimes(count: number): SharedTimes {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

export function writeTime(times: SharedTimes, index: number, time: number): void {
  // Modulo 2 ** 32 ms, which is far more than the time between a write and its read.
  Atomics.store(times, index, Math.trunc(time) | 0);
}

/** The timestamp as written, given the current time on the same clock. */
export function readTime(times: SharedTimes, index: number, now: number): number {
  const whole = Math.trunc(now);
  return whole - ((whole - Atomics.load(times, index)) | 0);
}
