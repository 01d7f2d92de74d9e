import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NameInvalidError } from '../../../src/core/errors.js';
import { checkName, formatName, parseName } from '../../../src/config/name-convention.js';
import type { NameParts } from '../../../src/config/name-convention.js';
import { isDnsName } from '../../../src/config/dns-name.js';

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const parts: fc.Arbitrary<NameParts> = fc.record({
  env: word,
  domain: word,
  service: fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('-')),
  version: fc.nat().map((number) => `v${number}`),
});
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(fc.constantFrom('prod', 'v1', '-', '_', '.', '2', 'Ä', '注', '\u202e', '\ud800', 'a'.repeat(70)), {
      maxLength: 12,
    })
    .map((each) => each.join('')),
);

describe('parseName', () => {
  it('tells the parts of a name of the convention', () => {
    expect(parseName('prod-payment-user-service-v1')).toEqual({
      env: 'prod',
      domain: 'payment',
      service: 'user-service',
      version: 'v1',
    });
    expect(parseName('dev-shop-orders-v12')).toEqual({ env: 'dev', domain: 'shop', service: 'orders', version: 'v12' });
  });

  it.each([
    '',
    'orders',
    'prod-shop-v1',
    'prod-shop-orders',
    'prod-shop-orders-1',
    'prod-shop-orders-v',
    'prod-shop-orders-v01',
    'Prod-shop-orders-v1',
    'prod--orders-v1',
    'prod-shop-orders-v1\n',
    `prod-shop-${'a'.repeat(51)}-v1`,
  ])('has no parts for %j', (name) => {
    expect(parseName(name)).toBeUndefined();
  });

  it('gives back what formatName was given, and the other way round', () => {
    fc.assert(
      fc.property(parts, (given) => {
        expect(parseName(formatName(given))).toEqual(given);
      }),
    );
  });

  it('takes any text there is', () => {
    fc.assert(
      fc.property(hostile, (name) => {
        const read = parseName(name);
        if (read !== undefined) expect(formatName(read)).toBe(name);
      }),
    );
  });
});

describe('formatName', () => {
  it('names every part that does not fit', () => {
    const wrong = { env: 'prod-eu', domain: '', service: 'user_service', version: '1' };
    expect(() => formatName(wrong)).toThrow(NameInvalidError);
    expect(() => formatName(wrong)).toThrow(/env "prod-eu", domain "", service "user_service", version "1"/);
    expect(() => formatName({ env: 'prod' } as NameParts)).toThrow(
      /domain undefined, service undefined, version undefined/,
    );
  });

  it('makes no name that DNS cannot carry', () => {
    const long = { env: 'prod', domain: 'shop', version: 'v1' };
    expect(formatName({ ...long, service: 'a'.repeat(50) })).toHaveLength(63);
    expect(() => formatName({ ...long, service: 'a'.repeat(51) })).toThrow(/has 64 characters/);
  });
});

describe('checkName', () => {
  it('finds nothing wrong with a plain name that DNS carries', () => {
    expect(checkName('orders')).toEqual([]);
    expect(checkName('prod-shop-orders-v1', 'strict')).toEqual([]);
  });

  it('gives what DNS can carry for a name that it cannot', () => {
    expect(checkName('order_service')).toEqual([
      { problem: expect.stringContaining('DNS') as string, corrected: 'order-service' },
    ]);
  });

  it('names both problems of a name that is against DNS and the convention', () => {
    expect(checkName('Order_Service', 'strict').map(({ problem }) => problem)).toEqual([
      expect.stringContaining('DNS'),
      expect.stringContaining('{env}-{domain}-{service}-{version}'),
    ]);
  });

  it.each([
    ['orders', '{env}-{domain}-orders-v1'],
    ['orders-v3', '{env}-{domain}-orders-v3'],
    ['prod-orders', 'prod-{domain}-orders-v1'],
    ['shop-orders', '{env}-shop-orders-v1'],
    ['prod-shop-orders', 'prod-shop-orders-v1'],
    ['Prod_Shop_Orders_2', 'prod-shop-orders-v2'],
    ['prod.shop.order.service.v02', 'prod-shop-order-service-v2'],
    ['prod-shop-orders-1.4.2', 'prod-shop-orders-v1'],
    ['prod', 'prod-{domain}-{service}-v1'],
    ['注文', '{env}-{domain}-{service}-v1'],
    [`prod-shop-${'a'.repeat(60)}-v2`, `prod-shop-${'a'.repeat(50)}-v2`],
  ])('turns %s into %s', (name, corrected) => {
    expect([...new Set(checkName(name, 'strict').map((problem) => problem.corrected))]).toEqual([corrected]);
  });

  it('corrects any text to a name that has no problem left, but for what nobody can guess', () => {
    fc.assert(
      fc.property(hostile, (name) => {
        for (const { corrected } of checkName(name)) expect(isDnsName(corrected)).toBe(true);
        for (const { corrected } of checkName(name, 'strict'))
          expect(checkName(corrected.replace(/[{}]/g, ''), 'strict')).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});
