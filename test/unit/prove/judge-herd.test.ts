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
function round(who: Herd, { allAt = 11_000, most = 9, calls = [5, 6], sentAt = spread }: Story = {}): HerdEvent[] {
  return [
    { event: 'round', who, round: 1, at: 0 },
    { event: 'leader', at: 10_000 },
    { event: 'passing', at: allAt },
    // Before the leader was there nobody could expect an answer.
    { event: 'bystander', at: 9_000, tookMs: 900 },
    ...calls.map((tookMs): HerdEvent => ({ event: 'bystander', at: 10_500, tookMs })),
    { event: 'inFlight', process: 1, most, connections: most + 4 },
    { event: 'beats', process: 1, sentAt },
    { event: 'over', at: 20_000 },
  ];
}

const control = round('control', { most: 100, sentAt: spread.map(() => 50_000) });

describe('the judge of a herd', () => {
  it('finds nothing wrong with a good history', () => {
    const { problems, figures } = judgeHerd([...round('ours'), ...control], plan);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      allPassingMs: { max: 1_000 },
      inFlightMax: 9,
      connectionsMax: 13,
      bystanderMs: { max: 6 },
      fullestTenth: 1,
      controlInFlightMax: 100,
      controlFullestTenth: 10,
    });
  });

  it('counts a tenth of the interval wherever it lies', () => {
    const gathered = [...spread.slice(0, 90), ...Array.from({ length: 10 }, () => 50_055)];
    expect(judgeHerd([...round('ours', { sentAt: gathered }), ...control], plan).figures.fullestTenth).toBe(2);
  });

  it.each([
    ['a late return', [...round('ours', { allAt: 13_001 }), ...control], /only 3001 ms after the leader/],
    [
      'a return of not all',
      [...round('ours').filter(({ event }) => event !== 'passing'), ...control],
      /not all of them were passing/,
    ],
    ['too many requests at once', [...round('ours', { most: 17 }), ...control], /17 requests in flight/],
    ['a bystander who waits', [...round('ours', { calls: [5, 101] }), ...control], /took 101 ms \(p99\)/],
    ['a bystander who is refused', [...round('ours', { calls: [5, undefined] }), ...control], /took Infinity ms/],
    ['no bystander', [...round('ours', { calls: [] }), ...control], /nobody else called/],
    [
      'beats together',
      [...round('ours', { sentAt: spread.map((at) => at - (at % 200)) }), ...control],
      /2 times its share/,
    ],
    ['beats that nobody counted', [...round('ours', { sentAt: [] }), ...control], /nobody counted our beats/],
    ['requests that nobody counted', [...round('ours', { most: 0 }), ...control], /nobody counted our requests/],
    ['a control that behaves', [...round('ours'), ...round('control')], /proves nothing/],
    ['a round that breaks off', [...round('ours').slice(0, -1), ...control], /not observed to its end/],
    ['an empty history', [], /there was no round/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeHerd(history, plan).problems.join('\n')).toMatch(problem);
  });
});
