import type { Verdict } from '../../prove/experiment/experiment.js';
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

export const BEHIND_RAW_MS = 2;

export interface VisibleFigures {
  /** In each pair: ours minus a raw PUT, both on an open connection. */
  readonly behindRawMs: Spread;
  /** The same where both connect first. */
  readonly freshBehindFreshRawMs: Spread;
  /** A raw PUT minus another: what of the above is noise. */
  readonly rawBehindRawMs: Spread;
  readonly listedMs: Readonly<Record<Exclude<Contestant, 'rawAgain'>, Spread>>;
  readonly oursPassingMs: Spread;
}

export function judgeVisible(rows: readonly VisibleRow[]): Verdict<VisibleFigures> {
  const listed = (who: Contestant) => spreadOf(rows.map((row) => row.listed[who]));
  const behind = (who: Contestant, yardstick: Contestant) =>
    spreadOf(rows.map((row) => row.listed[who] - row.listed[yardstick]));
  const figures = {
    behindRawMs: behind('ours', 'raw'),
    freshBehindFreshRawMs: behind('oursFresh', 'rawFresh'),
    rawBehindRawMs: behind('rawAgain', 'raw'),
    listedMs: {
      ours: listed('ours'),
      oursFresh: listed('oursFresh'),
      raw: listed('raw'),
      rawFresh: listed('rawFresh'),
    },
    oursPassingMs: spreadOf(rows.map(({ passing }) => passing.ours)),
  };
  const problems = (['behindRawMs', 'freshBehindFreshRawMs'] as const)
    .filter((which) => !(figures[which].p50 <= BEHIND_RAW_MS))
    .map((which) => `${which} is ${figures[which].p50} at the median, promised are ${BEHIND_RAW_MS}`);
  return { problems, figures };
}
