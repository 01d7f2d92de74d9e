import { describe, expect, it } from 'vitest';
import { readServiceEnv } from '../../../src/config/env.js';
import { Labels } from '../../../src/config/labels.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';

const bare: ServiceInstance = { name: 'orders', id: 'o1', tags: [], meta: {}, nonce: 'n', ttlMs: 1_000, checks: [] };

describe('labels', () => {
  it('are those of the options until something lies over them', () => {
    const labels = Labels.of({ name: 'orders', tags: ['a'], meta: { k: 'v' } });
    expect(labels.on({ ...bare, weights: { passing: 2, warning: 2 } })).toEqual({
      ...bare,
      tags: ['a'],
      meta: { k: 'v' },
    });
  });

  it('keep what lies over them when the options change, and the options when that does', () => {
    const labels = Labels.of({ name: 'orders', tags: ['a'], meta: { k: 'v' } })
      .overlaid({ meta: { live: 'yes' } })
      .changed({ tags: ['b'] });
    expect(labels.on(bare)).toMatchObject({ tags: ['b'], meta: { k: 'v', live: 'yes' } });
    expect(labels.overlaid({ tags: ['c'] }).on(bare)).toMatchObject({ tags: ['c'], meta: { k: 'v' } });
  });

  it('know the environment as it was at the start, and refuse none of its later faults', () => {
    const env = { ...readServiceEnv({ SERVICE_TAGS: 'from-env', SERVICE_META_REGION: 'eu' }), port: 'abc' };
    const labels = Labels.of({ name: 'orders', meta: { k: 'v' } }, env);
    expect(labels.on(bare)).toMatchObject({ tags: ['from-env'], meta: { region: 'eu', k: 'v' } });
    expect(labels.changed({ tags: ['b'] }).on(bare)).toMatchObject({ tags: ['b'], meta: { region: 'eu', k: 'v' } });
    expect(labels.changed({ meta: { other: 'w' } }).on(bare).meta).toEqual({ region: 'eu', other: 'w' });
  });

  it('have what the Registrar itself says through all changes, unless another source says so', () => {
    const labels = Labels.of({ name: 'orders', meta: { zone: 'theirs' } }).completedBy({
      scheme: 'http',
      zone: 'ours',
    });
    expect(labels.on(bare).meta).toEqual({ scheme: 'http', zone: 'theirs' });
    expect(labels.changed({ meta: {} }).on(bare).meta).toEqual({ scheme: 'http', zone: 'ours' });
    expect(labels.overlaid({ meta: { scheme: 'https' } }).on(bare).meta).toEqual({ scheme: 'https', zone: 'theirs' });
  });

  it('leave out what the Registrar itself says where the user needs all the room', () => {
    const meta = Object.fromEntries(Array.from({ length: 62 }, (_, at) => [`key${at}`, 'v']));
    const labels = Labels.of({ name: 'orders', meta }).completedBy({ scheme: 'http', zone: 'ours' });
    expect(labels.on(bare).meta).toEqual({ ...meta, scheme: 'http' });
  });

  it('fill in templates once, when they are given', () => {
    const variables: Record<string, string | undefined> = { SHA: 'one' };
    const facts = { variable: (name: string) => variables[name], host: () => 'web1' };
    const labels = Labels.of({ name: 'orders', tags: ['v={{env.SHA}}'] }, readServiceEnv({}), facts);
    variables['SHA'] = undefined;
    expect(labels.changed({ meta: { k: 'v' } }).on(bare)).toMatchObject({ tags: ['v=one'], meta: { k: 'v' } });
    expect(() => labels.changed({ tags: ['{{env.SHA}}'] })).toThrow('set SHA, or give a default');
  });

  it('take no other values from a source than these', () => {
    const labels = Labels.of({ name: 'orders' });
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
    expect(Object.entries(Labels.of({ name: 'orders' }).overlaid(live).on(bare).meta)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });
});
