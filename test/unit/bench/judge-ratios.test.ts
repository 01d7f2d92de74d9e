import { describe, expect, it } from 'vitest';
import { judgeBeat } from '../../bench/beat/judge-beat.js';
import { judgeVisible } from '../../bench/visible/judge-visible.js';

const beat = (ours: number, raw: number) => ({
  pair: 1,
  order: [],
  cpu: { ours, raw, rawAgain: raw },
  wall: { ours: 1, raw: 1, rawAgain: 1 },
});
const visible = (ours: number, raw: number, oursFresh = ours, rawFresh = raw) => {
  const times = { ours, oursFresh, raw, rawAgain: raw, rawFresh };
  return { pair: 1, order: [], listed: times, passing: times };
};

describe('the judge of a beat', () => {
  it('goes by the median of the ratios within each pair', () => {
    const { problems, figures } = judgeBeat([beat(130, 100), beat(13, 10), beat(900, 100)]);
    expect(problems).toEqual([]);
    expect(figures.cpuRatio).toMatchObject({ p50: 1.3, max: 9 });
    expect(figures.cpuRatioOfTheSame.p50).toBe(1);
  });

  it('judges a machine that is five times slower alike', () => {
    expect(judgeBeat([beat(5 * 130, 5 * 100)]).problems).toEqual([]);
    expect(judgeBeat([beat(5 * 131, 5 * 100)]).problems).toHaveLength(1);
  });

  it('sees a beat that costs more than promised', () => {
    expect(judgeBeat([beat(131, 100)]).problems).toEqual([expect.stringContaining('1.31 times')]);
  });

  it('sees that nothing was measured', () => {
    expect(judgeBeat([]).problems).toEqual([expect.stringContaining('no samples of cpuRatio')]);
    expect(judgeBeat([beat(1, 0)]).problems).toContainEqual(
      expect.stringContaining('1 samples of cpuRatio, and their min is Infinity'),
    );
  });
});

describe('the judge of visibility', () => {
  it('goes by the median of the ratios within each pair', () => {
    const { problems, figures } = judgeVisible([visible(5, 2), visible(12, 10), visible(90, 2)]);
    expect(problems).toEqual([]);
    expect(figures.ratio).toMatchObject({ p50: 2.5, max: 45 });
    expect(figures.ratioOfTheSame.p50).toBe(1);
  });

  it('judges a machine that is five times slower alike', () => {
    expect(judgeVisible([visible(25, 10)]).problems).toEqual([]);
    expect(judgeVisible([visible(26, 10)]).problems).toHaveLength(2);
  });

  it('sees a start that is visible later than promised', () => {
    expect(judgeVisible([visible(5.2, 2, 2, 2)]).problems).toEqual([expect.stringMatching(/^visible \/ raw is 2.6/)]);
  });

  it('sees one that is visible later than promised where both connect first', () => {
    expect(judgeVisible([visible(2, 2, 5.2, 2)]).problems).toEqual([
      expect.stringMatching(/^visible \/ raw where both connect first is 2.6/),
    ]);
  });

  it('sees that nothing was measured', () => {
    const problems = ['no samples of visible / raw', 'no samples of visible / raw where both connect first'];
    expect(judgeVisible([]).problems).toEqual(problems.map((problem) => expect.stringContaining(problem) as string));
  });
});
