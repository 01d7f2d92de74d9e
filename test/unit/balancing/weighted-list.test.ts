import { describe, expect, it } from 'vitest';
import { weightedList } from '../../../src/balancing/weighted-list.js';

const counts = (weights: readonly number[]): number[] => {
  const items = weights.map((weight) => ({ weight }));
  const list = weightedList(items);
  return items.map((item) => list.filter((each) => each === item).length);
};

describe('a weighted list', () => {
  it('is the list itself where all weigh the same, zero too', () => {
    const items = [{ weight: 3 }, { weight: 3 }];
    expect(weightedList(items)).toBe(items);
    expect(counts([0, 0])).toEqual([1, 1]);
    expect(counts([])).toEqual([]);
  });

  it('has each as often as its weight says, by the smallest whole numbers', () => {
    expect(counts([3, 1])).toEqual([3, 1]);
    expect(counts([100, 300, 200])).toEqual([1, 3, 2]);
  });

  it('spreads them', () => {
    const [heavy, light] = [{ weight: 4 }, { weight: 3 }];
    expect(weightedList([heavy, light]).map((each) => each === heavy)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  it('rounds what would be too long, and has each once at least', () => {
    const found = counts([65_535, 1, 20_000]);
    expect(found[1]).toBe(1);
    expect(found.reduce((sum, each) => sum + each)).toBeLessThan(1_100);
    expect(found[0]! / found[2]!).toBeCloseTo(65_535 / 20_000, 1);
  });

  it('takes fractions, as of a slow start', () => {
    const found = counts([1, 0.1]);
    expect(found[0]! / found[1]!).toBeCloseTo(10, 0);
  });
});
