import { describe, expect, it } from 'vitest';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { medianInterval, spreadOf } from '../../prove/experiment/statistics.js';

describe('the figures that nothing was measured for', () => {
  it('are none where every figure has samples', () => {
    const judged = { killed: spreadOf([1, 2]), ratio: 0, interval: medianInterval([1, 2, 3, 4, 5, 6]), looks: { n: 9 } };
    expect(findUnmeasured(judged)).toEqual([]);
  });

  it.each([
    ['a series without samples', spreadOf([]), /^killed has no samples/],
    ['a count of nothing', { n: 0 }, /^killed has no samples/],
    ['NaN', NaN, /^killed has no samples/],
    ['undefined', undefined, /^killed has no samples/],
    ['Infinity', Infinity, /^killed is Infinity/],
    ['a series with NaN in it', spreadOf([1, NaN, 2]), /^killed has 3 samples, and its min is NaN/],
    ['a series with Infinity in it', spreadOf([1, Infinity]), /^killed has 2 samples, and its p50 is Infinity/],
    ['an interval of too few', medianInterval([1, 2, 3, 4, 5]), /^killed has 5 samples, and its low is NaN/],
  ])('are named: %s', (_what, figure, problem) => {
    expect(findUnmeasured({ killed: figure, fine: 1 })).toEqual([expect.stringMatching(problem)]);
  });
});
