import { expect, it } from 'vitest';
import { StableInstances } from '../../../src/discovery/stable-instances.js';
import type { DiscoveredInstance } from '../../../src/index.js';

const read = (id: string, changes: Partial<DiscoveredInstance> = {}): DiscoveredInstance => ({
  name: 'orders',
  id,
  nonce: 'n',
  address: '10.0.0.7',
  port: 3000,
  tags: ['a'],
  meta: { version: '1' },
  weights: { passing: 1, warning: 1 },
  status: 'passing',
  ...changes,
});

it('gives the same list for equal answers, in whatever order', () => {
  const stable = new StableInstances();
  const first = stable.resolve([read('a'), read('b')]);
  expect(stable.resolve([read('b'), read('a')])).toBe(first);
  expect(first.map(({ id }) => id)).toEqual(['a', 'b']);
});

it.each<[field: string, changes: Partial<DiscoveredInstance>]>([
  ['nonce', { nonce: 'other' }],
  ['address', { address: '10.0.0.8' }],
  ['port', { port: 3001 }],
  ['tags', { tags: ['b'] }],
  ['more tags', { tags: ['a', 'b'] }],
  ['meta', { meta: { version: '2' } }],
  ['a key of meta', { meta: { release: '1' } }],
  ['weights', { weights: { passing: 2, warning: 1 } }],
  ['status', { status: 'warning' }],
  ['datacenter', { datacenter: 'dc2' }],
])('makes a new object of an instance with another %s, and keeps the others', (_field, changes) => {
  const stable = new StableInstances();
  const before = stable.resolve([read('a'), read('b')]);
  const after = stable.resolve([read('a', changes), read('b')]);
  expect(after).not.toBe(before);
  expect(after[0]).not.toBe(before[0]);
  expect(after[0]).toMatchObject(changes);
  expect(after[1]).toBe(before[1]);
});

it('gives a list of its own when one leaves', () => {
  const stable = new StableInstances();
  const before = stable.resolve([read('a'), read('b')]);
  const after = stable.resolve([read('b')]);
  expect(after).toEqual([before[1]]);
  expect(after[0]).toBe(before[1]);
});
