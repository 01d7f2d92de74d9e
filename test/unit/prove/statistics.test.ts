import { describe, expect, it } from 'vitest';
import { median, medianInterval, quantile, spreadOf } from '../../prove/experiment/statistics.js';
import { seededRandom } from '../../support/seeded.js';

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

  it('lets one NaN spoil the figure, wherever it stands', () => {
    for (const values of [
      [NaN, 1, 2],
      [1, NaN, 2],
      [1, 2, NaN],
    ]) {
      expect(quantile(values, 0.5)).toBeNaN();
      expect(median(values)).toBeNaN();
    }
  });

  it('tells the whole spread, outliers included', () => {
    expect(spreadOf([...hundred, 10_000])).toEqual({ n: 101, min: 1, p50: 51, p90: 91, p99: 100, max: 10_000 });
  });

  it('tells between which two values the middle lies with 95 % confidence', () => {
    // The ranks of the tables of the sign test: 1 and 6 of 6, 2 and 9 of 10, 10 and 21 of 30, 40 and 61 of 100.
    const upTo = (n: number) => Array.from({ length: n }, (_, index) => n - index);
    for (const [n, low, high] of [
      [6, 1, 6],
      [10, 2, 9],
      [30, 10, 21],
      [100, 40, 61],
    ] as const) {
      expect(medianInterval(upTo(n))).toEqual({ n, low, high, median: (n + 1) / 2 });
    }
  });

  it('claims no interval for less than six values', () => {
    expect(medianInterval([1, 2, 3, 4, 5])).toEqual({ n: 5, low: NaN, median: 3, high: NaN });
    expect(medianInterval([])).toEqual({ n: 0, low: NaN, median: NaN, high: NaN });
  });

  it('covers the middle of what values are drawn from in about 95 of 100 cases', () => {
    const random = seededRandom(7);
    let covered = 0;
    for (let times = 0; times < 1_000; times += 1) {
      const { low, high } = medianInterval(Array.from({ length: 30 }, () => random() ** 3));
      if (low <= 0.125 && 0.125 <= high) covered += 1;
    }
    expect(covered).toBeGreaterThan(930);
    expect(covered).toBeLessThan(980);
  });
});
