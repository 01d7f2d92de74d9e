import { expect, test } from 'vitest';
import { once } from '../../../src/core/once.js';

test('makes the value at the first call, and only once', () => {
  let made = 0;
  const value = once(() => ({ nth: (made += 1) }));
  expect(made).toBe(0);
  expect(value()).toBe(value());
  expect(made).toBe(1);
});
