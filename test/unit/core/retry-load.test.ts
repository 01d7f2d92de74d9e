import { expect, it, vi } from 'vitest';
import { retry } from '../../../src/core/retry.js';
import { FakeClock } from '../../support/fake-clock.js';

const missing = vi.hoisted(() => ({ loads: 1 }));
vi.mock('p-retry', async (original) => {
  if (missing.loads > 0) {
    missing.loads -= 1;
    throw new Error('no such file');
  }
  return original();
});

it('loads its helper anew after a load that failed', async () => {
  const plan = {
    clock: new FakeClock(),
    signal: new AbortController().signal,
    random: () => 0,
    backoff: () => ({ firstMs: 0, capMs: 0 }),
    mayRetry: () => false,
    onFailed: () => undefined,
  };
  await expect(retry(() => Promise.resolve('done'), plan)).rejects.toThrow();
  expect(await retry(() => Promise.resolve('done'), plan)).toBe('done');
});
