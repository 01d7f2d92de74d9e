import type { Verdict } from '../../prove/experiment/experiment.js';
import { medianInterval, spreadOf } from '../../prove/experiment/statistics.js';
import type { Interval, Spread } from '../../prove/experiment/statistics.js';
import type { VersusRow } from '../load/versus.js';

/** A service that asks another one at each request; and the smallest there can be, which asks nobody. */
export type Contestant = 'with' | 'without' | 'withoutAgain' | 'smallest' | 'smallestWith' | 'smallestWorker' | 'smallestPolling';

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
  /** Of the smallest service: with a Registrar, with one whose heartbeats come from a worker, and with the npm client of Consul alone, used once a second. */
  readonly smallest: Readonly<Record<'main' | 'worker' | 'polling', Ratios>>;
  readonly perSecond: Readonly<Record<'with' | 'without' | 'smallest', Spread>>;
}

/**
 * Holds when nobody could tell from these measurements that there is a tax of more than the bar: the interval reaches it. The smallest
 * service is told of and not judged: one that never opens a connection pays for the first HTTP client in its process, whoever brings it.
 */
export function judgeTax(rows: readonly VersusRow<Contestant>[]): Verdict<TaxFigures> {
  const ratios = (who: Contestant, over: Contestant): Ratios => {
    const ratio = (what: 'perSecond' | 'p50Ms' | 'p99Ms') => medianInterval(rows.map(({ scores }) => scores[who][what] / scores[over][what]));
    return { throughput: ratio('perSecond'), p50: ratio('p50Ms'), p99: ratio('p99Ms') };
  };
  const perSecond = (who: Contestant) => spreadOf(rows.map(({ scores }) => Math.round(scores[who].perSecond)));
  const figures = {
    tax: ratios('with', 'without'),
    noise: ratios('withoutAgain', 'without'),
    smallest: { main: ratios('smallestWith', 'smallest'), worker: ratios('smallestWorker', 'smallest'), polling: ratios('smallestPolling', 'smallest') },
    perSecond: { with: perSecond('with'), without: perSecond('without'), smallest: perSecond('smallest') },
  };
  const { throughput, p99 } = figures.tax;
  const problems: string[] = [];
  if (!(throughput.high >= THROUGHPUT_RATIO_REACHED)) problems.push(`the throughput ratio is ${throughput.low} to ${throughput.high}, promised is an interval that reaches ${THROUGHPUT_RATIO_REACHED}`);
  if (!(p99.low <= P99_RATIO_REACHED)) problems.push(`the p99 ratio is ${p99.low} to ${p99.high}, promised is an interval that reaches ${P99_RATIO_REACHED}`);
  return { problems, figures };
}
