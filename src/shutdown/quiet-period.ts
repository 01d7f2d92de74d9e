import type { Arrivals } from '../server/sources.js';

/** How likely it may be that a source that is still there is taken for gone. */
const CHANCE = 1e-6;
/**
 * Fewer than this proves nothing, however fast a source was: a lost SYN is sent again after 1 s, a lost segment sooner, and a proxy that
 * pauses or reloads is silent as well.
 */
export const SILENCE_FLOOR_MS = 1_200;
/** Requests that come in bursts are silent between them, whatever their mean pace: what a source has done, it may do again. */
const BEYOND_LONGEST = 1.5;

/**
 * How long a source has to be silent until that proves that it has gone: so long that a gap like this would have a chance of under one in a
 * million if it came on at the pace it showed. The pace is known from a few gaps only, so their number counts: of arrivals at random, `n` of whose
 * gaps took `T` together, the next gap is longer than `g` with a chance of `(1 + g/T)^-n`. That is 17 mean gaps after 32 (the 13.8 of a pace
 * known for certain, and what there is to doubt), 30 after 10, and hopeless after 3. A single request shows no pace: the floor has to do.
 */
export function provingSilenceMs({ gaps, meanGapMs, longestGapMs }: Arrivals): number {
  if (gaps === 0) return SILENCE_FLOOR_MS;
  const byPace = gaps * meanGapMs * (CHANCE ** (-1 / gaps) - 1);
  return Math.max(SILENCE_FLOOR_MS, byPace, BEYOND_LONGEST * longestGapMs);
}
