import { expect, it } from 'vitest';
import { mapConcurrently } from '../../../src/core/map-concurrently.js';
import { asError } from '../../../src/core/errors.js';
import { settle } from '../../support/fake-clock.js';

/** Work whose n-th piece ends when the test says. */
function pieces(count: number, most: number) {
  const ends: { resolve: (value: string) => void; reject: (error: Error) => void }[] = [];
  const items = Array.from({ length: count }, (_, item) => item);
  const all = mapConcurrently(
    items,
    most,
    () => new Promise<string>((resolve, reject) => ends.push({ resolve, reject })),
  );
  return { ends, all: all.catch(asError) };
}

it('begins the next as soon as one is done, and keeps the order', async () => {
  const { ends, all } = pieces(4, 2);
  expect(ends).toHaveLength(2);
  ends[1]?.resolve('b');
  await settle();
  expect(ends).toHaveLength(3);
  ends[2]?.resolve('c');
  await settle();
  ends[3]?.resolve('d');
  ends[0]?.resolve('a');
  expect(await all).toEqual(['a', 'b', 'c', 'd']);
});

it('begins nothing more once one has failed', async () => {
  const { ends, all } = pieces(4, 2);
  ends[0]?.reject(new Error('no'));
  expect(await all).toMatchObject({ message: 'no' });
  ends[1]?.resolve('b');
  await settle();
  expect(ends).toHaveLength(2);
});

it('has nothing to do for an empty list', async () => {
  expect(await mapConcurrently([], 3, () => Promise.resolve(1))).toEqual([]);
});
