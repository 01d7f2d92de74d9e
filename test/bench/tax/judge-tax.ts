import type { Verdict } from '../../prove/experiment/experiment.js';
import { medianInterval, spreadOf } from '../../prove/experiment/statistics.js';
import type { Interval, Spread } from '../../prove/experiment/statistics.js';
import type { VersusRow } from '../load/versus.js';

export type Contestant = 'with' | 'without' | 'withoutAgain';

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
}

/** Holds when nobody could tell from these measurements that there is a tax of more than the bar: the interval reaches it. */
export function judgeTax(rows: readonly VersusRow<Contestant>[]): Verdict<TaxFigures> {
  const perSecond = (who: Contestant) => spreadOf(rows.map(({ scores }) => Math.round(scores[who].perSecond)));
  const figures = {
    tax: ratios(rows, 'with'),
    noise: ratios(rows, 'withoutAgain'),
    perSecond: { with: perSecond('with'), without: perSecond('without'), withoutAgain: perSecond('withoutAgain') },
  };
  const { throughput, p99 } = figures.tax;
  const problems: string[] = [];
  if (!(throughput.high >= THROUGHPUT_RATIO_REACHED)) problems.push(`the throughput ratio is ${throughput.low} to ${throughput.high}, promised is an interval that reaches ${THROUGHPUT_RATIO_REACHED}`);
  if (!(p99.low <= P99_RATIO_REACHED)) problems.push(`the p99 ratio is ${p99.low} to ${p99.high}, promised is an interval that reaches ${P99_RATIO_REACHED}`);
  return { problems, figures };
}

function ratios(rows: readonly VersusRow<Contestant>[], who: Contestant): Ratios {
  const ratio = (what: 'perSecond' | 'p50Ms' | 'p99Ms') => medianInterval(rows.map(({ scores }) => scores[who][what] / scores.without[what]));
  return { throughput: ratio('perSecond'), p50: ratio('p50Ms'), p99: ratio('p99Ms') };
}
