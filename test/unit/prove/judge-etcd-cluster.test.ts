import { describe, expect, it } from 'vitest';
import { judgeEtcdCluster } from '../../prove/etcd-cluster/judge-etcd-cluster.js';
import type { ClusterEvent } from '../../prove/etcd-cluster/judge-etcd-cluster.js';

const plan = { ttlMs: 3_000, cycles: 4, fullCycles: 30 };

interface Told {
  readonly listed?: number;
  readonly absent?: number;
  readonly doubled?: number;
  readonly downMs?: number;
  readonly member?: number;
  readonly leader?: boolean;
  readonly control?: { readonly listed: number; readonly absent: number };
  readonly keysLeft?: number;
}

/** Four cycles, the last as told. */
function history({
  listed = 3_400,
  absent = 0,
  doubled = 0,
  downMs = 4_000,
  member = 2,
  leader = true,
  control = { listed: 0, absent: 300 },
  keysLeft = 0,
}: Told = {}): ClusterEvent[] {
  const cycle = (number: number, last: boolean): ClusterEvent[] => [
    {
      event: 'outage',
      cycle: number,
      member: last ? member : (number - 1) % 2,
      leader: last && leader,
      downMs: last ? downMs : 4_000,
    },
    {
      event: 'reads',
      cycle: number,
      who: 'ours',
      listed: last ? listed : 3_400,
      absent: last ? absent : 0,
      doubled: last ? doubled : 0,
      refused: 200,
    },
    {
      event: 'reads',
      cycle: number,
      who: 'control',
      ...(number === 1 ? { listed: 100, absent: 200 } : control),
      doubled: 0,
      refused: 20,
    },
  ];
  return [
    ...cycle(1, false),
    ...cycle(2, false),
    ...cycle(3, false),
    ...cycle(4, true),
    { event: 'over', lost: 0, keysLeft },
  ];
}

describe('the judge of the cluster', () => {
  it('finds nothing wrong with a good history, and shows refused reads beside the answered', () => {
    const { problems, figures } = judgeEtcdCluster(history(), plan);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      cycles: 4,
      leadersKilled: 1,
      answered: 13_600,
      refused: 800,
      absent: 0,
      doubled: 0,
      listedPercent: 100,
      shortestOutageMs: 4_000,
      timesLost: 0,
    });
  });

  it('lets one answer in ten thousand miss it, and no more', () => {
    expect(judgeEtcdCluster(history({ listed: 3_399, absent: 1 }), plan).problems).toEqual([]);
    expect(judgeEtcdCluster(history({ listed: 3_398, absent: 2 }), plan)).toMatchObject({
      problems: [expect.stringContaining('99.9852 %')],
      figures: { listedPercent: 99.9852 },
    });
  });

  it('judges a machine that is five times slower alike: an outage lasts longer, and more reads are refused', () => {
    expect(judgeEtcdCluster(history({ downMs: 20_000 }), plan).problems).toEqual([]);
  });

  it.each<[string, ClusterEvent[], RegExp]>([
    ['two entries at once', history({ doubled: 1 }), /1 reads saw two/],
    ['an outage that is no longer than the TTL', history({ downMs: 3_000 }), /no longer than the TTL/],
    ['a leader that was never killed', history({ leader: false }), /leader was never killed/],
    ['a member that was never killed', history({ member: 1 }), /not every member/],
    ['too few reads', history({ listed: 100 }), /10300 reads were answered, not 13333/],
    ['keys that were left', history({ keysLeft: 2 }), /2 keys were left/],
    ['a control that holds as well', history({ control: { listed: 1e9, absent: 0 } }), /proves nothing/],
    [
      'a control that never was there',
      history().filter((event) => event.event !== 'reads' || event.who === 'ours'),
      /proves nothing/,
    ],
    ['a history that breaks off', history().slice(0, -1), /not observed to its end/],
    ['an outage too few', history().slice(3), /3 outages instead of 4/],
    ['no outage', history().filter(({ event }) => event !== 'outage'), /^no samples of shortestOutageMs/],
    [
      'no reads',
      history().filter((event) => event.event !== 'reads' || event.who === 'control'),
      /^no samples of the share of reads that list it/,
    ],
    [
      'no reads of the control',
      history().filter((event) => event.event !== 'reads' || event.who === 'ours'),
      /^no samples of the share of reads that list the control/,
    ],
  ])('sees %s', (_what, events, problem) => {
    expect(judgeEtcdCluster(events, plan).problems.some((line) => problem.test(line))).toBe(true);
  });
});
