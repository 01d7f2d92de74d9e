import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

export interface BeatPlan {
  readonly url: string;
  readonly pairs: number;
  readonly beats: number;
  readonly seed: number;
}

export type Contestant = 'ours' | 'raw' | 'rawAgain';

/** One round of everybody, in a fresh order; microseconds a beat. */
export interface BeatRow {
  readonly pair: number;
  readonly order: readonly Contestant[];
  readonly cpu: Record<Contestant, number>;
  readonly wall: Record<Contestant, number>;
}

export const CPU_RATIO_MAX = 1.3;

export interface BeatFigures {
  /** Ours over raw, a ratio in each pair. */
  readonly cpuRatio: Spread;
  /** Raw over raw: what of the above is noise. */
  readonly cpuRatioOfTheSame: Spread;
  readonly cpuUs: Readonly<Record<Contestant, Spread>>;
  readonly wallUs: Readonly<Record<Contestant, Spread>>;
}

export function judgeBeat(rows: readonly BeatRow[]): Verdict<BeatFigures> {
  const each = (what: 'cpu' | 'wall') => ({
    ours: spread(what, 'ours'),
    raw: spread(what, 'raw'),
    rawAgain: spread(what, 'rawAgain'),
  });
  const spread = (what: 'cpu' | 'wall', who: Contestant) => spreadOf(rows.map((row) => row[what][who]));
  const figures = {
    cpuRatio: spreadOf(rows.map(({ cpu }) => cpu.ours / cpu.raw)),
    cpuRatioOfTheSame: spreadOf(rows.map(({ cpu }) => cpu.rawAgain / cpu.raw)),
    cpuUs: each('cpu'),
    wallUs: each('wall'),
  };
  const { cpuRatio } = figures;
  const problems = findUnmeasured({ cpuRatio });
  if (cpuRatio.p50 > CPU_RATIO_MAX) {
    const times = `${cpuRatio.p50} times the CPU of a raw PUT at the median`;
    problems.push(`a beat costs ${times}, promised are ${CPU_RATIO_MAX}`);
  }
  return { problems, figures };
}
