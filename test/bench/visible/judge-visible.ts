import type { Verdict } from '../../prove/experiment/experiment.js';
import { spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

export interface VisiblePlan {
  readonly url: string;
  readonly pairs: number;
  readonly seed: number;
}

export type Contestant = 'ours' | 'raw' | 'rawAgain' | 'rawFresh';

/** One round of everybody, in a fresh order; milliseconds from the call to the first sight. */
export interface VisibleRow {
  readonly pair: number;
  readonly order: readonly Contestant[];
  readonly listed: Record<Contestant, number>;
  readonly passing: Record<Contestant, number>;
}

export const BEHIND_RAW_MS = 2;

export interface VisibleFigures {
  /** In each pair: ours minus a raw PUT on an open connection. */
  readonly behindRawMs: Spread;
  readonly behindFreshRawMs: Spread;
  /** A raw PUT minus another: what of the above is noise. */
  readonly rawBehindRawMs: Spread;
  readonly listedMs: Readonly<Record<'ours' | 'raw' | 'rawFresh', Spread>>;
  readonly oursPassingMs: Spread;
}

export function judgeVisible(rows: readonly VisibleRow[]): Verdict<VisibleFigures> {
  const listed = (who: Contestant) => spreadOf(rows.map((row) => row.listed[who]));
  const behind = (who: Contestant, yardstick: Contestant) => spreadOf(rows.map((row) => row.listed[who] - row.listed[yardstick]));
  const figures = {
    behindRawMs: behind('ours', 'raw'),
    behindFreshRawMs: behind('ours', 'rawFresh'),
    rawBehindRawMs: behind('rawAgain', 'raw'),
    listedMs: { ours: listed('ours'), raw: listed('raw'), rawFresh: listed('rawFresh') },
    oursPassingMs: spreadOf(rows.map(({ passing }) => passing.ours)),
  };
  const holds = figures.behindRawMs.p50 <= BEHIND_RAW_MS;
  const problems = holds ? [] : [`visible ${figures.behindRawMs.p50} ms after a raw PUT at the median, promised are ${BEHIND_RAW_MS}`];
  return { problems, figures };
}
