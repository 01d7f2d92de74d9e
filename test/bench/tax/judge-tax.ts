import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { medianInterval, spreadOf } from '../../prove/experiment/statistics.js';
import type { Interval, Spread } from '../../prove/experiment/statistics.js';
import type { VersusRow } from '../load/versus.js';

/** A service that asks another one at each request. */
export type Contestant = 'with' | 'without' | 'withoutAgain';

/** The smallest service there can be, which asks nobody: alone, with a Registrar, with worker beats, and with the npm client of Consul in its stead. */
export type Smallest = 'alone' | 'main' | 'worker' | 'polling';

export const THROUGHPUT_RATIO_REACHED = 0.99;
export const P99_RATIO_REACHED = 1.02;

/** A ratio in each round, with the Registrar over without. */
interface Ratios {
  readonly throughput: Interval;
  readonly p50: Interval;
  readonly p99: Interval;
}

export interface TaxFigures {
  readonly tax: Ratios;
  /** Without over without: what of the above is noise. */
  readonly noise: Ratios;
  readonly perSecond: Readonly<Record<Contestant, Spread>>;
  /** Over one that is alone. */
  readonly smallest: Readonly<Record<Exclude<Smallest, 'alone'>, Interval>>;
  readonly smallestPerSecond: Spread;
}

/**
 * Holds when nobody could tell from these measurements that there is a tax of more than the bar: the interval reaches it. The smallest
 * service is told of and not judged: one that never opens a connection pays for the first HTTP client in its process, whoever brings it.
 */
export function judgeTax(
  rows: readonly VersusRow<Contestant>[],
  smallest: readonly VersusRow<Smallest>[],
): Verdict<TaxFigures> {
  const ratios = (who: Contestant): Ratios => {
    const ratio = (what: 'perSecond' | 'p50Ms' | 'p99Ms') =>
      medianInterval(rows.map(({ scores }) => scores[who][what] / scores.without[what]));
    return { throughput: ratio('perSecond'), p50: ratio('p50Ms'), p99: ratio('p99Ms') };
  };
  const perSecond = (who: Contestant) => spreadOf(rows.map(({ scores }) => Math.round(scores[who].perSecond)));
  const toAlone = (who: Smallest) =>
    medianInterval(smallest.map(({ scores }) => scores[who].perSecond / scores.alone.perSecond));
  const figures = {
    tax: ratios('with'),
    noise: ratios('withoutAgain'),
    perSecond: { with: perSecond('with'), without: perSecond('without'), withoutAgain: perSecond('withoutAgain') },
    smallest: { main: toAlone('main'), worker: toAlone('worker'), polling: toAlone('polling') },
    smallestPerSecond: spreadOf(smallest.map(({ scores }) => Math.round(scores.alone.perSecond))),
  };
  const { throughput, p99 } = figures.tax;
  const problems = findUnmeasured({ 'the throughput ratio': throughput, 'the p99 ratio': p99 });
  const notReached = (name: string, { low, high }: Interval, reached: number) => {
    problems.push(`${name} is ${low} to ${high}, promised is an interval that reaches ${reached}`);
  };
  if (throughput.high < THROUGHPUT_RATIO_REACHED) {
    notReached('the throughput ratio', throughput, THROUGHPUT_RATIO_REACHED);
  }
  if (p99.low > P99_RATIO_REACHED) notReached('the p99 ratio', p99, P99_RATIO_REACHED);
  return { problems, figures };
}
