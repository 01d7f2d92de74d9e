import { describe, expect, it } from 'vitest';
import { judgeRotation } from '../../prove/rotation/judge-rotation.js';
import type { RotationEvent } from '../../prove/rotation/judge-rotation.js';

const INTERVAL_MS = 3_000;
const sample = (at: number, passing = true): RotationEvent => ({ event: 'sample', at, passing });
const looks = Array.from({ length: 20 }, (_, index) => sample(100 + index * 50));
const swap: readonly RotationEvent[] = [
  { event: 'swapped', at: 100, index: 1 },
  { event: 'rotated', at: 300 },
  { event: 'buried', at: 1_100, index: 0 },
  { event: 'beat', at: 1_200 },
];
const interregnum = (visibleMs: number, healedMs: number): RotationEvent[] => [
  { event: 'revoked', at: 2_000 },
  { event: 'state', at: 2_000 + visibleMs, to: 'recovering' },
  { event: 'good', at: 50_000 },
  { event: 'state', at: 50_000 + healedMs - 5, to: 'registered' },
  sample(50_000 + healedMs),
];
const control: RotationEvent[] = [
  { event: 'control', at: 100, accepted: true },
  { event: 'control', at: 40_000, accepted: false },
];
const good = [...swap, ...looks, ...control, ...interregnum(30_000, 400)];
const without = (...names: RotationEvent['event'][]) => good.filter(({ event }) => !names.includes(event));

describe('the judge of rotation', () => {
  it('finds nothing wrong with a good history, and measures it', () => {
    const { problems, figures } = judgeRotation(good, INTERVAL_MS);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      swaps: 1,
      beats: 1,
      missed: 0,
      samples: 20,
      notPassing: 0,
      rotatedMs: { max: 200 },
      visibleMs: 30_000,
      healedMs: 400,
      controlRefused: 1,
    });
  });

  it.each<[string, readonly RotationEvent[], RegExp]>([
    [
      'a token that it was never registered under',
      without('rotated'),
      /token 1: the service was never registered under it/,
    ],
    [
      'a token that died first',
      good.map((event) => (event.event === 'rotated' ? { ...event, at: 1_150 } : event)),
      /registered under it 50 ms after the one before had died/,
    ],
    ['a token that never died', without('buried'), /never deleted/],
    ['nothing swapped', without('swapped'), /^no samples of rotatedMs/],
    ['nothing revoked', without('revoked'), /^no samples of visibleMs/],
    ['no good token', without('good'), /^no samples of healedMs/],
    ['no looks', without('sample'), /^no samples of the looks of readers/],
    ['nobody who looked', good.filter((event) => event.event !== 'sample' || event.at > 2_000), /looked only 0 times/],
    ['no heartbeat', without('beat'), /^no samples of the heartbeats/],
    ['a missed heartbeat', [...good, { event: 'beatMissed', at: 500 }], /1 heartbeats were missed/],
    ['a moment without it', [...good, sample(500, false)], /not passing 1 times/],
    [
      'a revoked token that stays unseen',
      [...swap, ...looks, ...control, ...interregnum(33_001, 400)],
      /visible after 33001 ms, promised are 33000/,
    ],
    [
      'one that is never seen',
      good.filter((event) => event.event !== 'state' || event.to !== 'recovering'),
      /visible after Infinity/,
    ],
    [
      'a slow healing',
      [...swap, ...looks, ...control, ...interregnum(30_000, 1_001)],
      /passing 1001 ms after a good token/,
    ],
    [
      'none at all',
      good.filter((event) => event.event !== 'state' || event.to !== 'registered'),
      /passing Infinity ms/,
    ],
    [
      'a control that does not fail',
      good.filter((event) => event.event !== 'control' || event.accepted),
      /proves nothing/,
    ],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeRotation(history, INTERVAL_MS).problems.some((line) => problem.test(line))).toBe(true);
  });

  it('judges a machine that is five times slower alike: what is beyond the 600 ms until a token file is read grows fivefold', () => {
    for (const beyond of [50, 250]) {
      expect(
        judgeRotation([...swap, ...looks, ...control, ...interregnum(30_000 + beyond, 600 + beyond)], INTERVAL_MS)
          .problems,
      ).toEqual([]);
    }
  });

  it('does not count what is missed while no good token exists', () => {
    expect(
      judgeRotation([...good, { event: 'beatMissed', at: 33_000 }, sample(45_000, false)], INTERVAL_MS).problems,
    ).toEqual([]);
  });
});
