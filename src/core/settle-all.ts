import { asError } from './errors.js';

/**
 * Resolves to all values once each promise has settled, so that nothing of them goes on afterwards. Rejects as the
 * first of them, in their order, that failed.
 */
export async function settleAll<T extends readonly unknown[]>(
  promises: readonly [...T],
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const outcomes: readonly PromiseSettledResult<unknown>[] = await Promise.allSettled(promises);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw asError(outcome.reason);
  return Promise.all(promises);
}
