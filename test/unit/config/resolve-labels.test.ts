import { describe, expect, it } from 'vitest';
import { Labels } from '../../../src/config/resolve-labels.js';
import type { ServiceInstance } from '../../../src/instance/service-instance.js';

const bare: ServiceInstance = { name: 'orders', id: 'o1', tags: [], meta: {}, nonce: 'n', ttlMs: 1_000, checks: [] };

describe('labels', () => {
  it('are those of the options until something lies over them', () => {
    const labels = new Labels({ name: 'orders', tags: ['a'], meta: { k: 'v' } });
    expect(labels.on({ ...bare, weights: { passing: 2, warning: 2 } })).toEqual({ ...bare, tags: ['a'], meta: { k: 'v' } });
  });

  it('keep what lies over them when the options change, and the options when that does', () => {
    const labels = new Labels({ name: 'orders', tags: ['a'], meta: { k: 'v' } }).overlaid({ meta: { live: 'yes' } }).changed({ tags: ['b'] });
    expect(labels.on(bare)).toMatchObject({ tags: ['b'], meta: { k: 'v', live: 'yes' } });
    expect(labels.overlaid({ tags: ['c'] }).on(bare)).toMatchObject({ tags: ['c'], meta: { k: 'v' } });
  });

  it('take no other values from a source than these', () => {
    const labels = new Labels({ name: 'orders' });
    const fieldsOf = (live: unknown) => {
      try {
        labels.overlaid(live);
        return [];
      } catch (error) {
        return (error as { issues: { field: string }[] }).issues.map(({ field }) => field);
      }
    };
    expect(fieldsOf({ id: 'other', ttl: '1h', tags: ['fine'] })).toEqual(['id', 'ttl']);
    expect(fieldsOf(JSON.parse('{ "__proto__": { "tags": ["x"] } }'))).toEqual(['__proto__']);
    expect(fieldsOf({ tags: 'a,b' })).toEqual(['tags']);
    expect(fieldsOf({ tags: [1] })).toEqual(['tags.0']);
    expect(fieldsOf({ meta: null })).toEqual(['meta']);
    expect(fieldsOf({ meta: { rollcall_nonce: 'mine' } })).toEqual(['meta.rollcall_nonce']);
    expect(fieldsOf({})).toEqual([]);
  });

  it('keep a meta key that looks like an inherited one as a key', () => {
    const live: unknown = JSON.parse('{ "meta": { "__proto__": "x", "constructor": "y" } }');
    expect(Object.entries(new Labels({ name: 'orders' }).overlaid(live).on(bare).meta)).toEqual([['__proto__', 'x'], ['constructor', 'y']]);
  });
});
