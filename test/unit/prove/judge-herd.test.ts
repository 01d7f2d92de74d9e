import { describe, expect, it } from 'vitest';
import { judgeHerd } from '../../prove/herd/judge-herd.js';
import type { Herd, HerdEvent } from '../../prove/herd/judge-herd.js';

const plan = { intervalMs: 1_000 };
const spread = Array.from({ length: 100 }, (_, index) => 50_000 + index * 10);

interface Story {
  readonly allAt?: number;
  readonly most?: number;
  readonly calls?: readonly (number | undefined)[];
  readonly sentAt?: readonly number[];
}

/** A round whose leader is back at 10000. */
function round(who: Herd, { allAt = 11_200, most = 9, calls = [5, 6], sentAt = spread }: Story = {}): HerdEvent[] {
  return [
    { event: 'round', who, round: 1, at: 0 },
    { event: 'leader', at: 10_000 },
    { event: 'passing', at: allAt },
    // Before the leader was there nobody could expect an answer.
    { event: 'bystander', at: 9_000, tookMs: 900 },
    ...calls.map((tookMs): HerdEvent => ({ event: 'bystander', at: 10_100, tookMs })),
    { event: 'inFlight', process: 1, most, connections: most + 4 },
    { event: 'beats', process: 1, sentAt },
    { event: 'over', at: 20_000 },
  ];
}

const raw = round('raw', { allAt: 10_200, calls: [2, 2], sentAt: [] });
const control = round('control', { most: 100, sentAt: spread.map(() => 50_000) });

describe('the judge of a herd', () => {
  it('finds nothing wrong with a good history', () => {
    const { problems, figures } = judgeHerd([...round('ours'), ...raw, ...control], plan);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ allPassingMs: { max: 1_200 }, rawAllPassingMs: { max: 200 }, allPassingRatio: 6 });
    expect(figures).toMatchObject({ bystanderMs: { max: 6 }, rawBystanderMs: { max: 2 }, bystanderRatio: 3 });
    expect(figures).toMatchObject({
      inFlightMax: 9,
      connectionsMax: 13,
      fullestTenth: 1,
      controlInFlightMax: 100,
      controlFullestTenth: 10,
    });
  });

  it('judges a machine that is five times slower alike', () => {
    const slowerRaw = round('raw', { allAt: 11_000, calls: [10, 10], sentAt: [] });
    const slower = (story: Story) =>
      judgeHerd([...round('ours', { allAt: 16_000, calls: [25, 30], ...story }), ...slowerRaw, ...control], plan)
        .problems;
    expect(slower({})).toEqual([]);
    expect(slower({ allAt: 16_010, calls: [25, 31] })).toHaveLength(2);
  });

  it('counts a tenth of the interval wherever it lies', () => {
    const gathered = [...spread.slice(0, 90), ...Array.from({ length: 10 }, () => 50_055)];
    expect(judgeHerd([...round('ours', { sentAt: gathered }), ...raw, ...control], plan).figures.fullestTenth).toBe(2);
  });

  it.each([
    ['a late return', [...round('ours', { allAt: 11_210 }), ...raw, ...control], /after 6.05 times what raw ones take/],
    [
      'a return of not all',
      [...round('ours').filter(({ event }) => event !== 'passing'), ...raw, ...control],
      /not all of them were passing/,
    ],
    ['too many requests at once', [...round('ours', { most: 17 }), ...raw, ...control], /17 requests in flight/],
    ['a bystander who waits', [...round('ours', { calls: [5, 7] }), ...raw, ...control], /waited 3.5 times \(p99\)/],
    [
      'a bystander who is refused',
      [...round('ours', { calls: [5, undefined] }), ...raw, ...control],
      /^bystanderRatio is Infinity/m,
    ],
    [
      'no bystander',
      [...round('ours', { calls: [] }), ...raw, ...control],
      /^no samples of calls of another client \(ours, round 1\)/m,
    ],
    [
      'beats together',
      [...round('ours', { sentAt: spread.map((at) => at - (at % 200)) }), ...raw, ...control],
      /2 times its share/,
    ],
    [
      'beats that nobody counted',
      [...round('ours', { sentAt: [] }), ...raw, ...control],
      /^no samples of fullestTenth/m,
    ],
    [
      'requests that were never seen',
      [...round('ours', { most: 0 }), ...raw, ...control],
      /no request of ours was ever seen/,
    ],
    [
      'requests that were not counted',
      [...round('ours').filter(({ event }) => event !== 'inFlight'), ...raw, ...control],
      /^no samples of inFlightMax/m,
    ],
    ['no raw ones', [...round('ours'), ...control], /^no samples of rawAllPassingMs/m],
    ['no ratio without raw ones', [...round('ours'), ...control], /^no samples of allPassingRatio/m],
    ['raw ones without another client', [...round('ours'), ...control], /^no samples of bystanderRatio/m],
    ['a control that was not run', [...round('ours'), ...raw], /proves nothing$/m],
    ['a control that behaves', [...round('ours'), ...raw, ...round('control')], /proves nothing/],
    ['a round that breaks off', [...round('ours').slice(0, -1), ...raw, ...control], /not observed to its end/],
    ['no round of ours', [...raw, ...control], /^no samples of allPassingMs/m],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeHerd(history, plan).problems.join('\n')).toMatch(problem);
  });
});
