/**
 * Calls `work` for each item, for at most so many at a time: the next begins as soon as one is done. Resolves to the
 * results in the order of the items. Rejects as the first that fails, and begins no other from then on.
 */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const remaining = items.entries();
  let hasFailed = false;
  const run = async () => {
    for (const [at, item] of remaining) {
      try {
        results[at] = await work(item);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
      if (hasFailed) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, run));
  return results;
}
