import { describe, expect, it } from 'vitest';
import { judgeFallback } from '../../prove/fallback/judge-fallback.js';
import type { FallbackEvent, Who } from '../../prove/fallback/judge-fallback.js';

const patienceMs = 1_000;

const move = (event: 'killed' | 'back', at: number, from: string, to: string): FallbackEvent => ({
  event,
  cycle: 1,
  at,
  from,
  to,
});
const there = (at: number, member: string): FallbackEvent => ({ event: 'there', at, member });
const cleared = (at: number, member: string): FallbackEvent => ({ event: 'cleared', at, member });
const gap = (who: Who, afterMs: number): FallbackEvent => ({ event: 'gap', who, at: 0, afterMs });
const left = (entries: Record<string, number>): FallbackEvent => ({ event: 'left', entries });

/** Down at 1000 and up at 5000. */
function cycle({
  down = 2_500,
  up = 6_000,
  below = 6_100,
  ours = 1_500,
  control = 9_000,
  end = [left({ consul: 0, file: 0 })],
} = {}): FallbackEvent[] {
  return [
    move('killed', 1_000, 'consul', 'file'),
    gap('ours', ours),
    ...(down > 0 ? [there(down, 'file')] : []),
    move('back', 5_000, 'file', 'consul'),
    ...(up > 0 ? [there(up, 'consul')] : []),
    ...(below > 0 ? [cleared(below, 'file')] : []),
    gap('control', control),
    ...end,
  ];
}

describe('the judge of falls and returns', () => {
  it('finds nothing wrong with a good history and measures each part of it', () => {
    const { problems, figures } = judgeFallback(cycle(), { patienceMs });
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      cycles: 1,
      downMs: { max: 1_500 },
      upMs: { max: 1_000 },
      clearedMs: { max: 100 },
      longestGapMs: 1_500,
      controlGapMs: 9_000,
      strays: 0,
    });
  });

  it('judges a machine that is five times slower alike: what is beyond the patience and an interval grows from 100 to 500 ms', () => {
    const times = (beyond: number) => ({ down: 1_000 + patienceMs + 300 + beyond, ours: patienceMs + 300 + beyond });
    expect(judgeFallback(cycle(times(100)), { patienceMs }).problems).toEqual([]);
    expect(judgeFallback(cycle(times(500)), { patienceMs }).problems).toEqual([]);
  });

  it.each([
    ['a fall that is late', cycle({ down: 3_001 }), /consul killed: at file only after 2001 ms/],
    ['a fall that never comes', cycle({ down: 0 }), /never came to file/],
    ['a return that never comes', cycle({ up: 0 }), /consul back: it never came to consul/],
    ['what stays below', cycle({ below: 0 }), /what it left at file stayed/],
    ['readers without an answer', cycle({ ours: 2_001 }), /without an answer for 2001 ms/],
    ['what is left in the end', cycle({ end: [left({ consul: 1, file: 0 })] }), /left in the end/],
    ['a registry that could not be asked in the end', cycle({ end: [left({ consul: -1, file: 0 })] }), /left/],
    ['an end that nobody looked at', cycle({ end: [] }), /nobody looked/],
    ['a control that does as well', cycle({ control: 1_500 }), /proves nothing/],
    ['no fall', cycle().filter(({ event }) => event !== 'killed'), /^no samples of downMs/],
    ['no return', cycle().filter(({ event }) => event !== 'back'), /^no samples of upMs/],
    ['no clearing', cycle().filter(({ event }) => event !== 'cleared'), /^no samples of clearedMs/],
    [
      'no readers',
      cycle().filter((event) => event.event !== 'gap' || event.who !== 'ours'),
      /^no samples of longestGapMs/,
    ],
    [
      'no readers of the control',
      cycle().filter((event) => event.event !== 'gap' || event.who !== 'control'),
      /^no samples of controlGapMs/,
    ],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeFallback(history, { patienceMs }).problems.some((line) => problem.test(line))).toBe(true);
  });
});
