import { expect, it } from 'vitest';
import { RecentValues } from '../../../src/core/recent-values.js';

it('keeps the values of the latest keys, each until it is taken', () => {
  const values = new RecentValues<number | undefined>(2);
  values.set('a', 1);
  values.set('b', 2);
  values.set('a', undefined);
  values.set('c', 3);
  expect(['a', 'b', 'c'].map((key) => values.has(key))).toEqual([true, false, true]);
  expect(values.take('a')).toEqual({ value: undefined });
  expect(values.take('a')).toBeUndefined();
  values.delete('c');
  expect(values.has('c')).toBe(false);
});
