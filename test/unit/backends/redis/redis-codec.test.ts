import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeEntry, encodeEntry, entryKey, indexKey } from '../../../../src/backends/redis/redis-codec.js';

const instance = { name: 'orders', id: 'orders-1', tags: [], meta: {}, nonce: 'n', ttlMs: 1_000, checks: [] };

it('gives every pair of a service and an id a key of its own, which is no key of a set', () => {
  const text = fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b', '{', '}', ':', '%', '7', 'B') });
  fc.assert(
    fc.property(text, text, text, text, (name, id, otherName, otherId) => {
      if (name !== otherName || id !== otherId) expect(entryKey(name, id)).not.toBe(entryKey(otherName, otherId));
      if (name !== otherName) expect(indexKey(name)).not.toBe(indexKey(otherName));
      expect(entryKey(name, id)).not.toBe(indexKey(otherName));
    }),
  );
});

it('has the status that counts at its front', () => {
  const leased = { instance, beat: { status: 'passing', reason: 'ok' } } as const;
  expect(encodeEntry(leased)).toMatch(/^\{"status":"passing",/);
  expect(encodeEntry({ ...leased, maintenance: { reason: 'disks' } })).toMatch(/^\{"status":"maintenance",/);
  const decoded = decodeEntry(encodeEntry(leased))!;
  expect(decoded).toMatchObject(leased);
  expect(encodeEntry({ ...decoded, beat: { status: 'critical', reason: 'db' } })).toMatch(/^\{"status":"critical",/);
});

it.each(['', '{', '[]', 'null', '{"instance":{}}', 'garbage'])('takes %j for no entry', (text) => {
  expect(decodeEntry(text)).toBeUndefined();
});
