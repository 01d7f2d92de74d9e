/** A series of measurements as a judge knows it: a `Spread`, an `Interval`, or no more than how many there were. */
interface Series {
  readonly n: number;
}

/**
 * One problem for each figure that a verdict rests on and that nothing was measured for. Every comparison with NaN is
 * false, so a judge that only looks for exceeded bounds would let such a figure pass.
 */
export function findUnmeasured(judged: Readonly<Record<string, number | Series | undefined>>): string[] {
  return Object.entries(judged).flatMap(([name, figure]) => {
    if (typeof figure === 'object') return problemsOfSeries(name, figure);
    if (figure === undefined || Number.isNaN(figure)) return [noSamples(name)];
    return Number.isFinite(figure) ? [] : [`${name} is ${figure}: it did not end while it was measured`];
  });
}

function problemsOfSeries(name: string, series: Series): string[] {
  if (series.n === 0) return [noSamples(name)];
  const unusable = Object.entries(series).find(([, value]) => !Number.isFinite(value));
  if (unusable === undefined) return [];
  const [statistic, value] = unusable;
  return [`${series.n} samples of ${name}, and their ${statistic} is ${String(value)}`];
}

function noSamples(name: string): string {
  return `no samples of ${name}: this run proves nothing about it`;
}
