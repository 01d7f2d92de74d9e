import { describe, expect, it } from 'vitest';
import { judgeBeat } from '../../bench/beat/judge-beat.js';
import { judgeVisible } from '../../bench/visible/judge-visible.js';

const beat = (ours: number, raw: number) => ({
  pair: 1,
  order: [],
  cpu: { ours, raw, rawAgain: raw },
  wall: { ours: 1, raw: 1, rawAgain: 1 },
});
const visible = (ours: number, raw: number) => {
  const times = { ours, oursFresh: ours, raw, rawAgain: raw, rawFresh: raw };
  return { pair: 1, order: [], listed: times, passing: times };
};

describe('the judge of a beat', () => {
  it('goes by the median of the ratios within each pair', () => {
    const { problems, figures } = judgeBeat([beat(130, 100), beat(13, 10), beat(900, 100)]);
    expect(problems).toEqual([]);
    expect(figures.cpuRatio).toMatchObject({ p50: 1.3, max: 9 });
    expect(figures.cpuRatioOfTheSame.p50).toBe(1);
  });

  it('sees a beat that costs more than promised', () => {
    expect(judgeBeat([beat(131, 100)]).problems).toEqual([expect.stringContaining('1.31 times')]);
  });

  it('sees that nothing was measured', () => {
    expect(judgeBeat([]).problems).toHaveLength(1);
  });
});

describe('the judge of visibility', () => {
  it('goes by the median of the differences within each pair', () => {
    const { problems, figures } = judgeVisible([visible(4, 2), visible(12, 10), visible(90, 2)]);
    expect(problems).toEqual([]);
    expect(figures.behindRawMs).toMatchObject({ p50: 2, max: 88 });
  });

  it('sees a start that is visible later than promised', () => {
    expect(judgeVisible([visible(4.5, 2)]).problems).toEqual([
      expect.stringContaining('behindRawMs is 2.5'),
      expect.stringContaining('freshBehindFreshRawMs is 2.5'),
    ]);
  });

  it('sees that nothing was measured', () => {
    expect(judgeVisible([]).problems).toHaveLength(2);
  });
});
