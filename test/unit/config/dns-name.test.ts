import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDnsName, toDnsName } from '../../../src/config/dns-name.js';

describe('isDnsName', () => {
  it.each(['a', 'orders', 'Orders-2', '9lives', 'a'.repeat(63)])('takes %s', (name) => {
    expect(isDnsName(name)).toBe(true);
  });

  it.each(['', 'order_service', 'a.b', '-a', 'a-', 'a b', 'größe', 'a'.repeat(64)])('refuses %s', (name) => {
    expect(isDnsName(name)).toBe(false);
  });
});

describe('toDnsName', () => {
  it.each([
    ['order_service', 'order-service'],
    ['shop.orders', 'shop-orders'],
    ['_a__b_', 'a-b'],
    ['café', 'cafe'],
    ['a'.repeat(80), 'a'.repeat(63)],
    [`${'a'.repeat(62)}_b`, 'a'.repeat(62)],
    ['注文', 'service'],
  ])('turns %s into %s', (name, corrected) => {
    expect(toDnsName(name)).toBe(corrected);
  });

  it('always gives a name that DNS can carry, and leaves one that it can alone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 150 }), (name) => {
        const corrected = toDnsName(name);
        expect(isDnsName(corrected)).toBe(true);
        if (isDnsName(name)) expect(corrected).toBe(name);
        expect(toDnsName(corrected)).toBe(corrected);
      }),
    );
  });
});
