import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/core/duration.js';

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

describe('parseDuration', () => {
  it.each([
    [250, 250],
    [0, 0],
    ['250', 250],
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1_500],
    ['1m', 60_000],
    ['1h', 3_600_000],
    [' 10s ', 10_000],
  ])('reads %j as %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    -1,
    NaN,
    Infinity,
    '',
    '-1s',
    '10 s',
    '10S',
    's',
    '1d',
    '1e3',
    '.5s',
    '5.',
    '10s5ms',
    `${'9'.repeat(400)}h`,
    null,
    undefined,
    true,
    [10],
    {},
  ])('has nothing for %j', (value) => {
    expect(parseDuration(value)).toBeUndefined();
  });

  it('multiplies any amount by its unit', () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), fc.constantFrom('ms', 's', 'm', 'h'), (amount, unit) => {
        expect(parseDuration(`${amount}${unit}`)).toBe(amount * units[unit]);
      }),
    );
  });

  it('never throws, and gives nothing or a finite number that is not negative', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const ms = parseDuration(value);
        expect(ms === undefined || (Number.isFinite(ms) && ms >= 0)).toBe(true);
      }),
    );
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [250, '250ms'],
    [999.4, '999ms'],
    [999.6, '1s'],
    [1_000, '1s'],
    [1_549, '1.5s'],
    [59_940, '59.9s'],
    [59_960, '1m'],
    [60_000, '1m'],
    [125_000, '2m 5s'],
    [3_599_600, '1h'],
    [3_780_000, '1h 3m'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back within one part in twenty of what it showed', () => {
    fc.assert(
      fc.property(fc.nat(100 * 3_600_000), (ms) => {
        const readBack = formatDuration(ms)
          .split(' ')
          .reduce((sum, part) => sum + (parseDuration(part) ?? NaN), 0);
        expect(Math.abs(readBack - ms)).toBeLessThanOrEqual(ms / 20);
      }),
    );
  });
});
