/** In a millisecond. */
const TICKS_PER_MS = 16;

/**
 * A time as a whole number of sixteenths of a millisecond, which wraps round: V8 keeps it in place, where a fraction
 * would take 16 bytes of the heap, each time that it is passed on.
 */
export function ticksOf(ms: number): number {
  return (ms * TICKS_PER_MS) | 0;
}

/** Milliseconds between two times that are less than a day apart; Infinity for most longer ones. */
export function msBetween(from: number, to: number): number {
  const ticks = (to - from) | 0;
  return ticks < 0 ? Infinity : ticks / TICKS_PER_MS;
}
