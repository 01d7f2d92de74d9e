import { describe, expect, it } from 'vitest';
import { decodeKv } from '../../../../src/backends/consul/consul-kv-codec.js';

const pair = (Key: string, text: string | null) => ({
  Key,
  Value: text === null ? null : Buffer.from(text).toString('base64'),
});

describe('keys below the one that was given', () => {
  it('are tags, meta pairs and weights', () => {
    const answer = [
      pair('config/orders/', null),
      pair('config/orders/meta/', null),
      pair('config/orders/meta/color', 'käse\n'),
      pair('config/orders/meta/__proto__', 'x'),
      pair('config/orders/tags', 'a, b,,c\n'),
      pair('config/orders/weights/passing', '5'),
      pair('config/orders/weights/warning', ' 1\n'),
    ];
    const { values } = decodeKv('config/orders', answer) as { values: { meta: object } };
    expect(values).toMatchObject({ tags: ['a', 'b', 'c'], weights: { passing: 5, warning: 1 } });
    expect(Object.entries(values.meta)).toEqual([
      ['color', 'käse'],
      ['__proto__', 'x'],
    ]);
  });

  it('may give the tags as JSON, for those with a comma in them', () => {
    expect(decodeKv('k', [pair('k/tags', ' ["a,b"]')])).toEqual({ values: { tags: ['a,b'] } });
    expect(decodeKv('k', [pair('k/tags', '["a')])).toEqual({
      problem: expect.stringMatching(/^tags: it is not valid JSON/) as string,
    });
  });

  it('are handed on by name when they are none of ours, and without their values', () => {
    expect(decodeKv('k', [pair('k/db/password', 'hunter2'), pair('k/weights/passing', 'many')])).toEqual({
      values: { 'db/password': null, weights: { passing: 'many' } },
    });
  });

  it('are not those of a neighbour whose name begins alike', () => {
    expect(decodeKv('config/orders', [pair('config/orders-v2/tags', 'x'), pair('config/orders2', '{}')])).toEqual({});
  });
});

describe('the key itself', () => {
  it('may hold all of it as JSON', () => {
    expect(decodeKv('k', [pair('k', '{ "tags": ["a"] }')])).toEqual({ values: { tags: ['a'] } });
    expect(decodeKv('k', [pair('k', '{')])).toHaveProperty('problem');
  });

  it('is not one source together with keys below it', () => {
    expect(decodeKv('k', [pair('k', '{}'), pair('k/tags', 'a')])).toEqual({
      problem: 'both k and keys below it are set: use one or the other',
    });
  });

  it('counts as absent when it is empty', () => {
    expect(decodeKv('k', [pair('k', null)])).toEqual({});
    expect(decodeKv('k', [pair('k', ''), pair('k/tags', 'a')])).toEqual({ values: { tags: ['a'] } });
  });
});

it('throws on what is not an answer of Consul', () => {
  expect(() => decodeKv('k', { Key: 'k' })).toThrow(TypeError);
});
