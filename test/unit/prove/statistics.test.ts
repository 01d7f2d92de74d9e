import { describe, expect, it } from 'vitest';
import { median, quantile, spreadOf } from '../../prove/experiment/statistics.js';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

describe('the statistics of an experiment', () => {
  it('takes a quantile by nearest rank: p99 of a hundred leaves out one value, and of fewer none', () => {
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile([5, 1, 9], 0.99)).toBe(9);
    expect(quantile(hundred, 0)).toBe(1);
    expect(quantile(hundred, 1)).toBe(100);
  });

  it('takes the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 9])).toBe(3);
  });

  it('makes nothing of nothing', () => {
    expect(quantile([], 0.5)).toBeNaN();
    expect(median([])).toBeNaN();
  });

  it('tells the whole spread, outliers included', () => {
    expect(spreadOf([...hundred, 10_000])).toEqual({ n: 101, min: 1, p50: 51, p90: 91, p99: 100, max: 10_000 });
  });
});
