import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

export interface VisiblePlan {
  readonly url: string;
  readonly pairs: number;
  readonly seed: number;
}

/** `fresh`: has to open its connection first, as the first of a process; the others have one open, as beside a Registrar that is there already. */
export type Contestant = 'ours' | 'oursFresh' | 'raw' | 'rawAgain' | 'rawFresh';

/** One round of everybody, in a fresh order; milliseconds from the call to the first sight. */
export interface VisibleRow {
  readonly pair: number;
  readonly order: readonly Contestant[];
  readonly listed: Record<Contestant, number>;
  readonly passing: Record<Contestant, number>;
}

/** Ours looks before it writes, and a raw PUT does not. */
export const RATIO_MAX = 2.5;

export interface VisibleFigures {
  /** In each pair: ours over a raw PUT, both on an open connection. */
  readonly ratio: Spread;
  /** The same where both connect first. */
  readonly ratioFresh: Spread;
  /** A raw PUT over another: what of the above is noise. */
  readonly ratioOfTheSame: Spread;
  readonly listedMs: Readonly<Record<Exclude<Contestant, 'rawAgain'>, Spread>>;
  readonly oursPassingMs: Spread;
}

export function judgeVisible(rows: readonly VisibleRow[]): Verdict<VisibleFigures> {
  const listed = (who: Contestant) => spreadOf(rows.map((row) => row.listed[who]));
  const ratio = (who: Contestant, yardstick: Contestant) =>
    spreadOf(rows.map((row) => row.listed[who] / row.listed[yardstick]));
  const figures = {
    ratio: ratio('ours', 'raw'),
    ratioFresh: ratio('oursFresh', 'rawFresh'),
    ratioOfTheSame: ratio('rawAgain', 'raw'),
    listedMs: {
      ours: listed('ours'),
      oursFresh: listed('oursFresh'),
      raw: listed('raw'),
      rawFresh: listed('rawFresh'),
    },
    oursPassingMs: spreadOf(rows.map(({ passing }) => passing.ours)),
  };
  const judged = { 'visible / raw': figures.ratio, 'visible / raw where both connect first': figures.ratioFresh };
  const problems = findUnmeasured(judged);
  for (const [name, { p50 }] of Object.entries(judged)) {
    if (p50 > RATIO_MAX) problems.push(`${name} is ${p50} at the median, promised are ${RATIO_MAX}`);
  }
  return { problems, figures };
}
