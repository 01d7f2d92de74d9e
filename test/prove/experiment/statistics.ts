/**
 * The smallest value that at least this share of all values does not exceed (nearest rank, nothing interpolated and
 * nothing left out). NaN without values, and when one of them is NaN.
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = sortedAscending(values);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** The middle value, or the mean of the two in the middle. NaN without values, and when one of them is NaN. */
export function median(values: readonly number[]): number {
  const sorted = sortedAscending(values);
  const upper = sorted.length >> 1;
  const lower = (sorted.length - 1) >> 1;
  return ((sorted[lower] ?? NaN) + (sorted[upper] ?? NaN)) / 2;
}

/** To three decimals: what is printed and put into a result. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** What a reader wants to know of many measurements. */
export interface Spread {
  readonly n: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const at = (share: number) => rounded(quantile(values, share));
  return { n: values.length, min: at(0), p50: rounded(median(values)), p90: at(0.9), p99: at(0.99), max: at(1) };
}

/** Where the middle value of endlessly many such measurements lies, with 95 % confidence. */
export interface Interval {
  readonly n: number;
  readonly low: number;
  readonly median: number;
  readonly high: number;
}

/**
 * The interval of the median that order statistics give: whatever the distribution, the chance that more than so many of `n` values fall
 * on one side of it is that of as many heads in `n` throws of a coin. NaN for fewer than six values, which say nothing at 95 %.
 */
export function medianInterval(values: readonly number[]): Interval {
  const sorted = sortedAscending(values);
  const n = sorted.length;
  let left = 0;
  let share = 0.5 ** n;
  for (let tail = share; tail <= 0.025; tail += share) {
    left += 1;
    share *= (n - left + 1) / left;
  }
  const at = (rank: number) => (left === 0 ? NaN : rounded(sorted[rank] ?? NaN));
  return { n, low: at(left - 1), median: rounded(median(sorted)), high: at(n - left) };
}

/** NaN has no place in an order, so one among the values leaves nothing to rank. */
function sortedAscending(values: readonly number[]): number[] {
  if (values.some(Number.isNaN)) return values.map(() => NaN);
  return [...values].sort((a, b) => a - b);
}
