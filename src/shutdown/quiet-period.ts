import type { Arrivals } from '../server/sources.js';

/** The accepted probability of taking a live source for gone. */
const CHANCE = 1e-6;
/**
 * A shorter silence proves nothing, however fast the source was: a lost SYN is resent after 1 s, and a proxy that
 * reloads is silent as well.
 */
export const SILENCE_FLOOR_MS = 1_200;
/** Bursts pause between them whatever their mean rate, so a source may repeat its longest gap. */
const BEYOND_LONGEST = 1.5;

/**
 * How long a source must be silent to prove that it has gone: until a gap of that length has a probability under one
 * in a million at the source's own rate. The rate is estimated from few gaps, so their number matters: for a Poisson
 * process whose last `n` gaps took `T` together, the next gap exceeds `g` with probability `(1 + g/T)^-n`. That takes
 * 17 mean gaps after 32 observed gaps (13.8 if the rate were known exactly), 30 after 10, and impractically many
 * after 3. A single request shows no rate, so the floor applies.
 */
export function provingSilenceMs({ gaps, meanGapMs, longestGapMs }: Arrivals): number {
  if (gaps === 0) return SILENCE_FLOOR_MS;
  const byPace = gaps * meanGapMs * (CHANCE ** (-1 / gaps) - 1);
  return Math.max(SILENCE_FLOOR_MS, byPace, BEYOND_LONGEST * longestGapMs);
}
