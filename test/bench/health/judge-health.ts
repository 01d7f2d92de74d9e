import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { medianInterval, spreadOf } from '../../prove/experiment/statistics.js';
import type { Interval, Spread } from '../../prove/experiment/statistics.js';
import type { VersusRow } from '../load/versus.js';

/** `/health`; a bare handler in a process that keeps a Registrar too; and one in a process of its own. */
export type Contestant = 'ours' | 'bare' | 'bareAgain' | 'alone';

export const THROUGHPUT_RATIO_MIN = 0.95;

export interface HealthFigures {
  /** `/health` over the bare handler: requests a second, a ratio in each round. */
  readonly throughputRatio: Interval;
  /** Bare over bare: what of the above is noise. */
  readonly throughputRatioOfTheSame: Interval;
  /** `/health` over a process that has nothing else to do: told of, not judged. */
  readonly throughputRatioToAlone: Interval;
  readonly p99Ratio: Interval;
  readonly perSecond: Readonly<Record<'ours' | 'bare' | 'alone', Spread>>;
  /** Calls of the service's own code while `/health` was under load. */
  readonly userCalls: number;
}

export function judgeHealth(rows: readonly VersusRow<Contestant>[]): Verdict<HealthFigures> {
  const perSecond = (who: Contestant) => spreadOf(rows.map(({ scores }) => Math.round(scores[who].perSecond)));
  const figures = {
    throughputRatio: medianInterval(rows.map(({ scores }) => scores.ours.perSecond / scores.bare.perSecond)),
    throughputRatioOfTheSame: medianInterval(
      rows.map(({ scores }) => scores.bareAgain.perSecond / scores.bare.perSecond),
    ),
    throughputRatioToAlone: medianInterval(rows.map(({ scores }) => scores.ours.perSecond / scores.alone.perSecond)),
    p99Ratio: medianInterval(rows.map(({ scores }) => scores.ours.p99Ms / scores.bare.p99Ms)),
    perSecond: { ours: perSecond('ours'), bare: perSecond('bare'), alone: perSecond('alone') },
    userCalls: rows.reduce((sum, { scores }) => sum + scores.ours.userCalls, 0),
  };
  const { userCalls } = figures;
  const { median } = figures.throughputRatio;
  const problems = findUnmeasured({ throughputRatio: median, userCalls });
  if (median < THROUGHPUT_RATIO_MIN) {
    const times = `${median} times as often as by a bare handler at the median`;
    problems.push(`/health is answered ${times}, promised are ${THROUGHPUT_RATIO_MIN}`);
  }
  if (userCalls > 0) problems.push(`code of the service ran ${userCalls} times for probes, promised is never`);
  const unlike = rows.filter(({ scores: { ours, bare, bareAgain, alone } }) =>
    [ours, bareAgain, alone].some(({ body }) => body !== bare.body),
  ).length;
  if (unlike > 0) problems.push(`the answers were not the same in ${unlike} rounds: they cannot be compared`);
  return { problems, figures };
}
