import { describe, expect, it } from 'vitest';
import { leasedFrom } from '../../../src/instance/leased-instance.js';

const instance = {
  name: 'orders',
  id: 'orders-1',
  nonce: 'n',
  ttlMs: 10_000,
  tags: ['v1'],
  meta: { a: 'b' },
  checks: [],
};
const beat = { status: 'passing', reason: 'ok' };
const whole = {
  instance: {
    ...instance,
    address: '10.0.0.7',
    port: 3000,
    weights: { passing: 2, warning: 1 },
    deregisterCriticalAfterMs: 60_000,
  },
  beat,
  maintenance: { reason: 'repairs' },
};

describe('an entry that was read', () => {
  it.each([
    ['all that there may be', whole],
    ['no more than it needs', { instance, beat }],
  ])('is believed with %s', (_what, value) => {
    expect(leasedFrom(value)).toBe(value);
  });

  it.each<[string, unknown]>([
    ['no object', 'text'],
    ['null', null],
    ['a lease of 0', { instance: { ...instance, ttlMs: 0 }, beat }],
    ['a lease below 0', { instance: { ...instance, ttlMs: -1 }, beat }],
    ['a lease without end', { instance: { ...instance, ttlMs: 1e308 }, beat }],
    ['a lease that is no number', { instance: { ...instance, ttlMs: '10000' }, beat }],
    ['an unknown status', { instance, beat: { ...beat, status: 'toString' } }],
    ['no reason', { instance, beat: { status: 'passing' } }],
    ['meta null', { instance: { ...instance, meta: null }, beat }],
    ['meta that is no text', { instance: { ...instance, meta: { a: 1 } }, beat }],
    ['tags that are no texts', { instance: { ...instance, tags: [1] }, beat }],
    ['tags that are no list', { instance: { ...instance, tags: 'v1' }, beat }],
    ['an address that is no text', { instance: { ...instance, address: 7 }, beat }],
    ['a port beyond all ports', { instance: { ...instance, port: 70_000 }, beat }],
    ['half a port', { instance: { ...instance, port: 0.5 }, beat }],
    ['half the weights', { instance: { ...instance, weights: { passing: 1 } }, beat }],
    ['a reaping that is no time', { instance: { ...instance, deregisterCriticalAfterMs: -1 }, beat }],
    ['a maintenance without a reason', { instance, beat, maintenance: true }],
  ])('is none with %s', (_what, value) => {
    expect(leasedFrom(value)).toBeUndefined();
  });
});
