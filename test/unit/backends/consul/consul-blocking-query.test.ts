import { describe, expect, it } from 'vitest';
import { nextCursor } from '../../../../src/backends/consul/consul-blocking-query.js';

describe('the cursor of a watch', () => {
  const next = (last: string | undefined, index?: string) =>
    nextCursor(last, { headers: index === undefined ? {} : { 'x-consul-index': index } });

  it('follows the index', () => {
    expect([next(undefined, '7'), next('7', '9'), next('9', '9')]).toEqual(['7', '9', '9']);
  });

  it('takes an index of 0, or none, as 1, so that the next poll is held', () => {
    expect([next(undefined, '0'), next(undefined), next(undefined, 'nonsense')]).toEqual(['1', '1', '1']);
  });

  it.each(['1e308', 'Infinity', '7.5', '-3', '0x10', ' 7', '9'.repeat(400), 'NaN'])(
    'takes %s, which an agent would refuse, as 1',
    (index) => {
      expect(next(undefined, index)).toBe('1');
      expect(next('7', index)).toBe('0');
    },
  );

  it('starts over when the index falls, as after a restore', () => {
    expect(next('100', '20')).toBe('0');
    expect(next('0', '20')).toBe('20');
  });
});
