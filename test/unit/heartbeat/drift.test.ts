import { expect, it } from 'vitest';
import { driftOf } from '../../../src/heartbeat/drift.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import type { Entry } from '../../../src/contracts/registry.js';

const sent: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  port: 3000,
  tags: ['a', 'b'],
  meta: { version: '1' },
  nonce: 'n',
  ttlMs: 9_000,
  checks: [{ kind: 'http', url: 'http://127.0.0.1:3000/health', intervalMs: 10_000, timeoutMs: 5_000 }],
};
const http = { id: 'orders-1:http', kind: 'http', status: 'passing', output: '' } as const;
const ttl = { id: 'orders-1:ttl', status: 'passing', output: '' } as const;
const instance = { name: 'orders', id: 'orders-1', port: 3000, tags: ['b', 'a'], meta: { version: '1' }, nonce: 'n' };
const active = (differences: Partial<Entry['instance']> = {}, checks: Entry['checks'] = [ttl, http]): Entry => ({
  instance: { ...instance, ...differences },
  status: 'passing',
  checks,
});

it.each<[string, Entry, string[]]>([
  ['nothing for what we wrote, in whatever order', active(), []],
  [
    'nothing for what the agent adds by itself',
    active({ weights: { passing: 1, warning: 1 }, address: '10.0.0.7' }),
    [],
  ],
  [
    'nothing for a check that somebody added',
    active({}, [ttl, http, { id: 'disk', status: 'critical', output: '' }]),
    [],
  ],
  ['nothing for tags that are there to be overridden', active({ tags: ['z'], tagsOverridable: true }), []],
  ['tags', active({ tags: ['a'] }), ['tags']],
  ['an added meta key', active({ meta: { version: '1', extra: 'x' } }), ['meta']],
  ['another port', active({ port: 3001 }), ['port']],
  ['a probe of ours that is missing', active({}, [ttl]), ['checks']],
])('names %s', (_what, entry, fields) => {
  expect(driftOf(sent, entry, true)).toEqual(fields);
});

it('compares weights and address only when they were sent', () => {
  const explicit = { ...sent, weights: { passing: 5, warning: 1 }, address: '10.0.0.1' };
  expect(driftOf(explicit, active({ weights: { passing: 1, warning: 1 }, address: '10.0.0.2' }), true)).toEqual([
    'weights',
    'address',
  ]);
});
