import { describe, expect, it } from 'vitest';
import { judgeDelay } from '../../prove/delay/judge-delay.js';
import type { DelayCell, DelayEvent } from '../../prove/delay/judge-delay.js';

const bounds = { drainMinMs: 2_000, slackMs: 1_000 };
const cell: DelayCell = { registry: 'consul', thread: 'main', round: 1, tripMs: 6_000 };

const stayed = (figures: { looks?: number; out?: number; lost?: number } = {}): DelayEvent => ({
  event: 'stayed',
  ...cell,
  ...{ looks: 400, out: 0, lost: 0, missed: 1, ...figures },
});
const stopped = (figures: { tookMs?: number; code?: number | null | undefined; left?: number } = {}): DelayEvent => ({
  event: 'stopped',
  ...cell,
  ...{ tookMs: 14_100, code: 0, left: 0, ...figures },
});
const started = (listedMs: number | undefined): DelayEvent => ({ event: 'started', ...cell, listedMs });
const control = (out: number): DelayEvent => ({ event: 'control', looks: 400, out });
const good = [stayed(), stopped(), started(18_200), control(250)];

describe('the judge of delays', () => {
  it('finds nothing wrong with a good history, and measures it', () => {
    const { problems, figures } = judgeDelay(good, bounds);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      cells: 1,
      looks: 400,
      out: 0,
      lost: 0,
      missed: 1,
      stopBeyondMs: { n: 1, max: 100 },
      listedBeyondMs: { n: 1, max: 200 },
      controlLooks: 400,
      controlOut: 250,
    });
  });

  it.each<[what: string, history: DelayEvent[], problem: RegExp]>([
    ['a look that it is out in', [...good, stayed({ out: 1 })], /consul, main, 6 s, round 1: out in 1 of 400 looks/],
    ['a loss that was told', [...good, stayed({ lost: 2 })], /told 2 times that it was lost/],
    ['no looks', [...good, stayed({ looks: 0 })], /no looks/],
    ['an entry that is left', [...good, stopped({ left: 3 })], /3 entries left after a stop/],
    ['no answer about what is left', [...good, stopped({ left: NaN })], /not known what is left/],
    ['a stop that ends with 1', [...good, stopped({ code: 1 })], /ended with 1/],
    ['a stop that a signal ended', [...good, stopped({ code: null })], /ended by a signal/],
    ['a stop that never ends', [...good, stopped({ code: undefined })], /never ended after SIGTERM/],
    ['a late stop', [...good, stopped({ tookMs: 15_001 })], /stopped after 15001 ms, 1001 ms more than/],
    ['a late start', [...good, started(19_001)], /listed after 19001 ms, 1001 ms more than/],
    ['a start without an end', [...good, started(undefined)], /started and never listed/],
    ['a cell that broke', [...good, { event: 'broken', ...cell, what: 'no port' }], /round 1: no port/],
    ['a control that stays', [...good.slice(0, 3), control(0)], /never out: .*proves nothing/],
    ['no control', good.slice(0, 3), /never out: .*proves nothing/],
    ['no stay', good.slice(1), /no samples of stayed/],
    ['no stop', [stayed(), started(1), control(1)], /no samples of stopBeyondMs/],
    ['no start', [stayed(), stopped(), control(1)], /no samples of listedBeyondMs/],
  ])('is not content with %s', (_, history, problem) => {
    expect(judgeDelay(history, bounds).problems).toContainEqual(expect.stringMatching(problem));
  });
});
