import { describe, expect, it } from 'vitest';
import { judgeExit } from '../../bench/exit/judge-exit.js';
import type { ExitEvent } from '../../bench/exit/judge-exit.js';

const KB = 1024;

interface Measured {
  readonly blind?: number;
  readonly dialogue?: number;
  readonly slower?: number;
  readonly memoryKb?: number;
  readonly left?: Partial<ExitEvent['left']>;
}

/** A bare exit takes 8 ms, and memory differs by 300 kB without a reason. */
function row({ blind = 2, dialogue = 4, slower = 1, memoryKb = 100, left = {} }: Measured = {}): ExitEvent {
  const bare = 8 * slower;
  const off = 60_000 * KB;
  return {
    pair: 1,
    order: ['bare', 'off', 'blind', 'dialogue', 'bareAgain', 'offAgain'],
    ms: {
      bare,
      bareAgain: bare + 1,
      off: bare + 1,
      offAgain: bare + 1,
      blind: bare + blind,
      dialogue: bare + dialogue,
    },
    residentBytes: {
      bare: off - 9_000 * KB,
      bareAgain: off - 9_000 * KB,
      off,
      offAgain: off - 300 * KB,
      blind: off + memoryKb * KB,
      dialogue: off,
    },
    left: { bare: 0, bareAgain: 0, off: 1, offAgain: 1, blind: 0, dialogue: 0, ...left },
  };
}

describe('the judge of exits', () => {
  it('finds nothing wrong within the bounds and measures each part', () => {
    const { problems, figures } = judgeExit([row()]);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      blindMs: { p50: 2 },
      dialogueMs: { p50: 4 },
      noiseMs: { p50: 1 },
      bareMs: { p50: 8 },
      memoryKb: { p50: 100 },
      memoryNoiseKb: { p50: 300 },
      leftBehind: 0,
      leftToTtl: 2,
    });
  });

  it('judges by the difference in each pair, so that a slow machine is no fault of ours', () => {
    expect(judgeExit([row({ slower: 10 }), row(), row({ slower: 20 })]).problems).toEqual([]);
  });

  it.each([
    ['an exit that takes long without a look', row({ blind: 10.1 }), /without a look.*is 10.1 at the median/],
    ['one that takes long with a look', row({ dialogue: 15.1 }), /after a look.*is 15.1 at the median/],
    ['memory beyond noise', row({ memoryKb: 301 }), /takes 301 kB at the median/],
    ['an entry that stays', row({ left: { dialogue: 1 } }), /1 entries were there/],
    ['hosts that were not registered', row({ left: { off: 0 } }), /proves nothing/],
  ])('finds %s', (_, measured, problem) => {
    expect(judgeExit([measured]).problems).toEqual([expect.stringMatching(problem)]);
  });

  it('takes no rows for no success', () => {
    expect(judgeExit([]).problems.length).toBeGreaterThan(0);
  });
});
