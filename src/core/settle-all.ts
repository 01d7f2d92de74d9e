import { asError } from './errors.js';

/**
 * Resolves to all values once each promise has settled, so that nothing of them goes on afterwards. Rejects as the
 * first of them, in their order, that failed.
 */
export async function settleAll<T extends readonly unknown[]>(
  promises: readonly [...T],
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const outcomes = await Promise.allSettled(promises);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw asError(failed.reason);
  return Promise.all(promises);
}
