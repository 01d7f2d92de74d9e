import { describe, expect, it } from 'vitest';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { medianInterval, spreadOf } from '../../prove/experiment/statistics.js';

describe('the figures that nothing was measured for', () => {
  it('are none where every figure has samples', () => {
    const judged = {
      killed: spreadOf([1, 2]),
      ratio: 0,
      interval: medianInterval([1, 2, 3, 4, 5, 6]),
      looks: { n: 9 },
    };
    expect(findUnmeasured(judged)).toEqual([]);
  });

  it.each([
    ['a series without samples', spreadOf([]), /^no samples of killed/],
    ['a count of nothing', { n: 0 }, /^no samples of killed/],
    ['NaN', NaN, /^no samples of killed/],
    ['undefined', undefined, /^no samples of killed/],
    ['Infinity', Infinity, /^killed is Infinity/],
    ['a series with NaN in it', spreadOf([1, NaN, 2]), /^3 samples of killed, and their min is NaN/],
    ['a series with Infinity in it', spreadOf([1, Infinity]), /^2 samples of killed, and their p50 is Infinity/],
    ['an interval of too few', medianInterval([1, 2, 3, 4, 5]), /^5 samples of killed, and their low is NaN/],
  ])('are named: %s', (_what, figure, problem) => {
    expect(findUnmeasured({ killed: figure, fine: 1 })).toEqual([expect.stringMatching(problem)]);
  });
});
