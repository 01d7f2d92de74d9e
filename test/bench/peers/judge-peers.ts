import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { median, rounded } from '../../prove/experiment/statistics.js';
import { peerNames } from './contender.js';
import type { ContenderName, PeerName } from './contender.js';
import { peerRows, rowNames } from './rows.js';
import type { PeerRow, RowName } from './rows.js';

/** A figure of one contender in one round. */
export interface PeerSample {
  readonly row: RowName;
  readonly contender: ContenderName;
  readonly round: number;
  readonly value: number;
  /** The first failure of a call. */
  readonly error?: string;
}

/** `within`: behind by no more than the row permits, with the reason. `unclear`: only one of our two processes is behind. */
export type Standing = 'not worse' | 'within' | 'unclear' | 'worse';

export interface RowFigures {
  readonly by: Readonly<Partial<Record<ContenderName, number>>>;
  readonly best: PeerName | undefined;
  readonly standing: Standing;
}

export interface PeersFigures {
  readonly rows: Readonly<Record<RowName, RowFigures>>;
}

/** Ours against the best peer of each row. */
export function judgePeers(
  samples: readonly PeerSample[],
  table: Readonly<Record<RowName, PeerRow>> = peerRows,
): Verdict<PeersFigures> {
  const judged = rowNames.map((name) => {
    const ofRow = samples.filter(({ row }) => row === name);
    return { name, ...judgeRow(name, table[name], ofRow) };
  });
  return {
    problems: judged.flatMap(({ problems }) => problems),
    figures: {
      rows: Object.fromEntries(judged.map(({ name, figures }) => [name, figures])) as Record<RowName, RowFigures>,
    },
  };
}

function judgeRow(
  name: RowName,
  row: PeerRow,
  samples: readonly PeerSample[],
): { readonly problems: string[]; readonly figures: RowFigures } {
  const measured = peerNames.filter((peer) => row.without[peer] === undefined);
  const by: Partial<Record<ContenderName, number>> = {};
  for (const contender of ['ours', 'oursAgain', ...measured] as const)
    by[contender] = figureOf(row, samples, contender);
  const problems = findUnmeasured(
    Object.fromEntries(Object.entries(by).map(([contender, value]) => [`${name} of ${contender}`, value])),
  );
  const [best] = measured.toSorted((one, other) => worseBy(row, by[one] ?? NaN, by[other] ?? NaN));
  if (problems.length > 0 || best === undefined) return { problems, figures: { by, best, standing: 'unclear' } };
  const bestFigure = by[best] ?? NaN;
  const standing = standingOf(row, [by.ours ?? NaN, by.oursAgain ?? NaN], bestFigure);
  const against = `${row.title}: ${String(by.ours)} and ${String(by.oursAgain)}, the best peer (${best}) has ${bestFigure}`;
  if (standing === 'worse')
    problems.push(`${against}, ${row.excuse === undefined ? 'without a reason' : 'beyond what its reason permits'}`);
  if (standing === 'unclear') problems.push(`${against}: ours differs from itself, so this run could not tell`);
  return { problems, figures: { by, best, standing } };
}

/** NaN without a sample. */
function figureOf({ statistic }: PeerRow, samples: readonly PeerSample[], contender: ContenderName): number {
  const values = samples.filter((sample) => sample.contender === contender).map(({ value }) => value);
  if (values.length === 0) return NaN;
  return rounded(statistic === 'median' ? median(values) : values.reduce((sum, value) => sum + value, 0));
}

function standingOf(row: PeerRow, ours: readonly number[], best: number): Standing {
  const { share, plus } = row.margin;
  const slack = best * share + plus;
  const behind = ours.filter((figure) => worseBy(row, figure, best) > slack);
  if (behind.length === 0) return 'not worse';
  const { excuse } = row;
  if (excuse !== undefined) {
    const limit = row.better === 'lower' ? best * excuse.times + excuse.plus : best / excuse.times - excuse.plus;
    return ours.every((figure) => worseBy(row, figure, limit) <= 0) ? 'within' : 'worse';
  }
  return behind.length < ours.length ? 'unclear' : 'worse';
}

/** Above 0: the first is worse. */
function worseBy({ better }: PeerRow, one: number, other: number): number {
  return better === 'lower' ? one - other : other - one;
}
