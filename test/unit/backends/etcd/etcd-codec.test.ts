import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeRecord,
  encodeRecord,
  endOf,
  idOfRecord,
  isPublished,
  leaseSeconds,
  namingEndpoints,
  publicationOf,
  recordKey,
  recordsOf,
} from '../../../../src/backends/etcd/etcd-codec.js';
import type { HealthStatus } from '../../../../src/contracts/health-report.js';
import type { LeasedInstance } from '../../../../src/instance/leased-instance.js';
import type { ServiceInstance } from '../../../../src/contracts/service-instance.js';

const instance: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  address: '10.0.0.7',
  port: 3000,
  tags: ['v1'],
  meta: { zone: 'a' },
  nonce: 'n',
  ttlMs: 10_000,
  checks: [],
};
const leased = (status: HealthStatus, maintenance?: { reason: string }): LeasedInstance => ({
  instance,
  beat: { status, reason: 'so it is' },
  ...(maintenance && { maintenance }),
});

describe('keys', () => {
  it('are readable for ordinary names', () => {
    expect(recordKey(instance)).toBe('/rollcall/orders/orders-1');
    expect(namingEndpoints({ ...instance, id: '10.0.0.7:3000' })?.key).toBe('orders/10.0.0.7:3000');
  });

  it('differ for different names and ids, whatever is in them, and lie in the range of their own service alone', () => {
    // Half a surrogate pair too, which UTF-8 would make one character of.
    const text = fc.string({
      unit: fc.constantFrom('/', '%', 'a', '2', 'F', '\ud800', '\ud801', '0', '.'),
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(text, text, text, text, (name, id, otherName, otherId) => {
        fc.pre(name !== otherName || id !== otherId);
        const bytes = (key = '') => Buffer.from(key);
        const [ours, theirs] = [
          { name, id },
          { name: otherName, id: otherId },
        ];
        expect(bytes(recordKey(ours)).equals(bytes(recordKey(theirs)))).toBe(false);
        expect(
          bytes(namingEndpoints({ ...instance, ...ours })?.key).equals(
            bytes(namingEndpoints({ ...instance, ...theirs })?.key),
          ),
        ).toBe(false);
        const isIn = (key: string, service: string) =>
          Buffer.compare(bytes(key), bytes(recordsOf(service))) >= 0 &&
          Buffer.compare(bytes(key), bytes(endOf(recordsOf(service)))) < 0;
        expect(isIn(recordKey(ours), name)).toBe(true);
        expect(idOfRecord(recordsOf(name), recordKey(ours))).toBe(id);
        expect(isIn(recordKey(ours), otherName)).toBe(name === otherName);
      }),
    );
  });
});

describe('what others find', () => {
  it("is etcd's own naming/endpoints by default, with an IPv6 address in brackets and nothing for an instance without a port", () => {
    const value = {
      Op: 0,
      Addr: '[fd00::7]:3000',
      Metadata: { id: 'orders-1', tags: ['v1'], meta: { zone: 'a' }, weights: { passing: 5, warning: 1 } },
    };
    const made = namingEndpoints({ ...instance, address: 'fd00::7', weights: { passing: 5, warning: 1 } });
    expect(made).toEqual({ key: 'orders/orders-1', value: JSON.stringify(value) });
    const { port: _none, ...portless } = instance;
    expect(namingEndpoints(portless)).toBeUndefined();
  });

  it('is there only while it passes', () => {
    expect((['passing', 'warning', 'critical'] as const).map((status) => isPublished(leased(status)))).toEqual([
      true,
      false,
      false,
    ]);
    expect(isPublished(leased('passing', { reason: 'disks' }))).toBe(false);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['gives no object', () => 'key' as never],
    ['gives null', () => null as never],
    ['gives no key', () => ({ value: 'x' }) as never],
    ['gives an empty key', () => ({ key: '', value: 'x' })],
    ['gives a value that is no text', () => ({ key: 'k', value: {} as never })],
    ['writes over our records', () => ({ key: '/rollcall/orders/orders-1', value: 'x' })],
  ])('is refused of a layout that %s', (_what, layout) => {
    expect(() => publicationOf(instance, layout)).toThrow(
      expect.objectContaining({
        code: 'ROLLCALL_REGISTRY_REJECTED',
        message: expect.stringContaining('etcd({ layout })') as string,
      }) as Error,
    );
  });

  it('may be nothing', () => {
    expect(publicationOf(instance, () => undefined)).toBeUndefined();
  });
});

describe('a record', () => {
  it('comes back as it was', () => {
    for (const record of [
      { leased: leased('passing'), publishedAt: 'orders/orders-1' },
      { leased: leased('critical', { reason: 'disks' }), publishedAt: undefined },
    ]) {
      expect(decodeRecord(encodeRecord(record))).toEqual(record);
    }
  });

  it.each(['', 'nonsense', 'null', '7', '{}', '{"instance":{}}'])('is not %j', (text) => {
    expect(decodeRecord(text)).toBeUndefined();
  });
});

it('asks for whole seconds, never for less than the TTL', () => {
  expect([1, 1_000, 1_001, 2_500, 10_000].map(leaseSeconds)).toEqual([1, 1, 2, 3, 10]);
});
