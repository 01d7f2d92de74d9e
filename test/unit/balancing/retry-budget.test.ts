import { describe, expect, it } from 'vitest';
import { RetryBudget } from '../../../src/balancing/retry-budget.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('the budget of repeated calls', () => {
  it('is three a second for a service with few calls', async () => {
    const clock = new FakeClock();
    const budget = new RetryBudget(clock);
    expect([1, 2, 3, 4].map(() => budget.take())).toEqual([true, true, true, false]);
    await clock.advance(400);
    expect(budget.take()).toBe(true);
    expect(budget.take()).toBe(false);
    await clock.advance(60_000);
    expect([1, 2, 3, 4].map(() => budget.take())).toEqual([true, true, true, false]);
  });

  it('is a fifth of the calls beyond that, however long they all fail', async () => {
    const clock = new FakeClock();
    const budget = new RetryBudget(clock);
    let repeated = 0;
    for (let calls = 0; calls < 5_000; calls += 1) {
      budget.called();
      if (budget.take()) repeated += 1;
      await clock.advance(2);
    }
    expect(repeated / 5_000).toBeGreaterThan(0.2);
    expect(repeated / 5_000).toBeLessThan(0.21);
  });

  it('saves up ten at most', () => {
    const clock = new FakeClock();
    const budget = new RetryBudget(clock);
    for (let calls = 0; calls < 10_000; calls += 1) budget.called();
    expect(Array.from({ length: 100 }, () => budget.take()).filter(Boolean)).toHaveLength(13);
  });
});
