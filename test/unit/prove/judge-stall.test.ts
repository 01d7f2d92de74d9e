import { describe, expect, it } from 'vitest';
import { judgeStall } from '../../prove/stall/judge-stall.js';
import type { StallEvent } from '../../prove/stall/judge-stall.js';
import type { StallKind } from '../../prove/stall/stalls.js';

const toleranceMs = 3_000;
const seen = (at: number, passing: boolean, service = 'ours-1'): StallEvent => ({
  event: 'seen',
  service,
  at,
  passing,
});
const stalled = (kind: StallKind, began: number, ended: number, who: 'ours' | 'control' = 'ours'): StallEvent => ({
  event: 'stalled',
  service: who === 'ours' ? 'ours-1' : 'control',
  who,
  kind,
  began,
  ended,
});
const looked = (looks: number, inVain: number): StallEvent => ({ event: 'looked', service: 'ours-1', looks, inVain });

const start = seen(0, true);
const short = [stalled('JSON', 1_000, 3_800), looked(280, 0)];
const control = [
  seen(0, true, 'control'),
  stalled('JSON', 50_000, 52_800, 'control'),
  seen(52_500, false, 'control'),
  seen(52_820, true, 'control'),
];
/** From 10000 to 14000. */
const wedge = ({ out = 13_080, back = 14_040 } = {}) => [
  seen(out, false),
  stalled('while (true)', 10_000, 14_000),
  seen(back, true),
];
const sound = [start, ...short, ...wedge(), ...control];

describe('the judge of stalls', () => {
  it('finds nothing wrong with a good history and measures each part of it', () => {
    const { problems, figures } = judgeStall(sound, { toleranceMs });
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      shortStalls: 1,
      looks: 280,
      outOfPassing: 0,
      overrun: 0,
      longestShortMs: 2_800,
      wedges: 1,
      criticalMs: { max: 80 },
      passingMs: { max: 40 },
      controlStalls: 1,
      controlFlips: 1,
    });
  });

  it('counts a stall that came out longer than planned as neither short nor a wedge', () => {
    const { problems, figures } = judgeStall(
      [...sound, stalled('garbage', 20_000, 23_100), seen(23_060, false), seen(23_150, true)],
      { toleranceMs },
    );
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ shortStalls: 1, overrun: 1 });
  });

  it('judges a machine that is five times slower alike: what is beyond one sign of life, 50 ms, grows fivefold', () => {
    for (const beyond of [20, 100]) {
      const times = { out: 13_050 + beyond, back: 14_050 + beyond };
      expect(judgeStall([start, ...short, ...wedge(times), ...control], { toleranceMs }).problems).toEqual([]);
    }
  });

  it.each([
    [
      'a short stall that is seen',
      [start, ...short, seen(2_000, false), seen(2_010, true), ...wedge(), ...control],
      /took ours-1 out of \?passing/,
    ],
    [
      'one that is seen right after it',
      [start, ...short, seen(3_900, false), seen(3_910, true), ...wedge(), ...control],
      /took ours-1 out of \?passing/,
    ],
    ['a look in vain', [...sound, looked(100, 1)], /1 looks during stalls/],
    [
      'a wedge that passes on',
      [start, ...short, stalled('while (true)', 10_000, 14_000), ...control],
      /never critical/,
    ],
    [
      'a wedge that is critical late',
      [start, ...short, ...wedge({ out: 13_251 }), ...control],
      /critical 251 ms after the tolerance/,
    ],
    [
      'a wedge that is critical too soon',
      [start, ...short, ...wedge({ out: 12_900 }), ...control],
      /critical 100 ms before/,
    ],
    [
      'a release that is late',
      [start, ...short, ...wedge({ back: 14_501 }), ...control],
      /passing 501 ms after its release/,
    ],
    [
      'a release that never comes',
      [start, ...short, ...wedge().slice(0, 2), ...control],
      /passing never after its release/,
    ],
    ['a missing short stall', [start, ...wedge(), ...control], /^no samples of shortStalls/],
    ['missing looks', [start, ...short.slice(0, 1), ...wedge(), ...control], /^no samples of looks/],
    ['a missing wedge', [start, ...short, ...control], /^no samples of wedges/],
    ['a wedge that is never critical', [start, ...short, ...wedge().slice(1), ...control], /^no samples of criticalMs/],
    [
      'a wedge that is never released',
      [start, ...short, ...wedge().slice(0, 2), ...control],
      /^no samples of passingMs/,
    ],
    ['a missing control', [start, ...short, ...wedge()], /^no samples of controlStalls/],
    ['a control that nothing happens to', [start, ...short, ...wedge(), ...control.slice(0, 2)], /proves nothing/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeStall(history, { toleranceMs }).problems.some((line) => problem.test(line))).toBe(true);
  });
});
