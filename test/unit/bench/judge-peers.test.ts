import { expect, it } from 'vitest';
import { contenderNames, peerNames } from '../../bench/peers/contender.js';
import type { ContenderName } from '../../bench/peers/contender.js';
import { judgePeers } from '../../bench/peers/judge-peers.js';
import type { PeerSample } from '../../bench/peers/judge-peers.js';
import { peerRows, rowNames } from '../../bench/peers/rows.js';
import type { PeerRow, RowName } from '../../bench/peers/rows.js';

const plain = { statistic: 'median', margin: { share: 0.1, plus: 1 }, without: {} } as const;
const table = Object.fromEntries(
  rowNames.map((name): [RowName, PeerRow] => [name, { ...plain, title: name, better: 'lower' }]),
) as Record<RowName, PeerRow>;

/** The same figure for all, and others in one row. */
function samples(row: RowName, planted: Partial<Record<ContenderName, readonly number[]>>): PeerSample[] {
  return rowNames.flatMap((name) =>
    contenderNames.flatMap((contender) =>
      ((name === row ? planted[contender] : undefined) ?? [100]).map((value, index) => ({
        row: name,
        contender,
        round: index + 1,
        value,
      })),
    ),
  );
}

const judge = (
  planted: Partial<Record<ContenderName, readonly number[]>>,
  rule: Partial<PeerRow> = {},
  row: RowName = 'updateBlockMs',
) => {
  const { problems, figures } = judgePeers(samples(row, planted), { ...table, [row]: { ...table[row], ...rule } });
  return { problems, ...figures.rows[row] };
};

it('is content where ours is as good as the best peer', () => {
  expect(judge({})).toMatchObject({ problems: [], standing: 'not worse' });
  expect(judge({ grpc: [95] })).toMatchObject({ problems: [], standing: 'not worse', best: 'grpc' });
});

it('names the row, the best peer and both figures where ours is worse', () => {
  const { problems, standing } = judge({ moleculer: [50] });
  expect(standing).toBe('worse');
  expect(problems).toEqual([expect.stringMatching(/updateBlockMs: 100 and 100.*moleculer.*50.*without a reason/)]);
});

it('compares medians, and sums of what is rare', () => {
  expect(judge({ grpc: [99, 100, 1] })).toMatchObject({ problems: [] });
  const rare = { ours: [0, 0, 0], oursAgain: [0, 0, 0], grpc: [0, 0, 0] };
  expect(judge({ ...rare, ours: [0, 0, 9], oursAgain: [0, 0, 9] }, { statistic: 'sum' }).standing).toBe('worse');
});

it('knows rows in which more is better', () => {
  expect(judge({ grpc: [150] }, { better: 'higher' }).standing).toBe('worse');
  expect(judge({ grpc: [50] }, { better: 'higher' }).standing).toBe('not worse');
});

it('lets a reason stand for so much and no more', () => {
  const excuse = { why: 'since it does more', times: 3, plus: 0 };
  expect(judge({ grpc: [50] }, { excuse })).toMatchObject({ problems: [], standing: 'within' });
  expect(judge({ grpc: [30] }, { excuse })).toMatchObject({
    problems: [expect.stringContaining('beyond what its reason permits')],
    standing: 'worse',
  });
  expect(judge({ grpc: [290] }, { excuse, better: 'higher' }).standing).toBe('within');
  expect(judge({ grpc: [310] }, { excuse, better: 'higher' }).standing).toBe('worse');
});

it('cannot tell where only one of two equal processes is behind', () => {
  expect(judge({ oursAgain: [200] })).toMatchObject({
    problems: [expect.stringContaining('could not tell')],
    standing: 'unclear',
  });
});

it('misses each figure of ours and of a peer, unless the row says why there is none', () => {
  expect(judgePeers([]).problems.length).toBeGreaterThan(rowNames.length);
  expect(judge({ oursAgain: [] }).problems).toEqual([expect.stringContaining('updateBlockMs of oursAgain')]);
  expect(judge({ grpc: [NaN] }).problems).toEqual([expect.stringContaining('updateBlockMs of grpc')]);
  expect(judge({ grpc: [] }, { without: { grpc: 'has none' } })).toMatchObject({ problems: [], standing: 'not worse' });
});

it('has a title and a peer to compare with in each row', () => {
  for (const { title, without } of Object.values(peerRows)) {
    expect(title).not.toBe('');
    expect(Object.keys(without).length).toBeLessThan(peerNames.length - 1);
  }
});
