import { describe, expect, it } from 'vitest';
import { redisWorkerSpec, resolveRedisOptions } from '../../../../src/backends/redis/redis-options.js';
import type { RedisOptions } from '../../../../src/backends/redis/redis-options.js';
import type { ConfigError } from '../../../../src/core/errors.js';

const client = { mget: async () => [], sscan: async () => ['0', []], eval: async () => null };
const resolve = (options: unknown, url?: string) => resolveRedisOptions(options as RedisOptions, { url });
const problems = (options: unknown, url?: string): string[] => {
  try {
    resolve(options, url);
    return [];
  } catch (error) {
    return (error as ConfigError).issues.map(({ field, value, allowed }) => `${field}: ${String(value)}: ${allowed}`);
  }
};

describe('where redis() goes', () => {
  it('is the server on this host when nothing says otherwise', () => {
    expect(resolve({})).toMatchObject({
      place: { kind: 'server', server: { host: '127.0.0.1', port: 6379 }, access: { database: 0 } },
      isLocal: true,
      warnings: [],
    });
  });

  it('is what REDIS_URL names, unless an option does', () => {
    expect(resolve({}, 'redis://10.0.0.1:7000/2').place).toMatchObject({
      server: { host: '10.0.0.1', port: 7000 },
      access: { database: 2 },
    });
    expect(resolve({ url: 'redis://10.0.0.2' }, 'redis://10.0.0.1').endpoint).toEqual({ host: '10.0.0.2', port: 6379 });
    expect(resolve({ sentinels: ['10.0.0.3'], name: 'main' }, 'redis://10.0.0.1').endpoint).toEqual({
      host: '10.0.0.3',
      port: 26379,
    });
  });

  it('is read from a URL with all that it can have; options win over it', () => {
    const { place, shown, isLocal } = resolve({ url: 'rediss://us%40er:p%2Fw@[::1]:6380/3', database: 4 });
    expect(place).toMatchObject({
      server: { host: '::1', port: 6380 },
      access: { username: 'us@er', password: { password: 'p/w' }, database: 4, tls: { plan: {} } },
    });
    expect(shown).toBe('rediss://[::1]:6380');
    expect(isLocal).toBe(true);
  });

  it('are Sentinels as text or as host and port, with credentials of their own', () => {
    const { place, shown, isLocal } = resolve({
      sentinels: ['10.0.0.1:26380', { host: 's2', port: 26381 }, '[::1]'],
      name: 'main',
      password: 'of-the-master',
      sentinelPassword: 'of-the-sentinel',
      tls: {},
    });
    expect(place).toMatchObject({
      kind: 'sentinel',
      sentinels: [
        { host: '10.0.0.1', port: 26380 },
        { host: 's2', port: 26381 },
        { host: '::1', port: 26379 },
      ],
      access: { password: { password: 'of-the-master' }, tls: {} },
      sentinelAccess: { password: { password: 'of-the-sentinel' }, tls: {} },
    });
    expect(shown).toBe('the master main of 10.0.0.1:26380, s2:26381, [::1]:26379');
    expect(isLocal).toBe(false);
  });

  it('is a client by its shape', () => {
    expect(resolve({ client }).place).toMatchObject({ kind: 'client' });
  });
});

describe('what redis() refuses', () => {
  it.each([
    [{ url: 'redis://a', sentinels: ['b'], name: 'c' }, /^redis: 2 of them: one of `url`/],
    [{ url: 'http://a' }, /^url: \(hidden\): a URL of one server/],
    [{ url: 'redis://a?x=1' }, /^url: /],
    [{ url: 'redis://a/b' }, /^url: /],
    [{ url: 'redis://a', tls: { ca: 'x' } }, /^tls: \(hidden\): .*rediss/],
    [{ url: 'redis://a', name: 'main' }, /^name: \(hidden\): not allowed without `sentinels`/],
    [{ sentinels: [], name: 'main' }, /^sentinels: /],
    [{ sentinels: ['a:b:c'], name: 'main' }, /^sentinels: \(hidden\): /],
    [{ sentinels: [{ host: 'a', port: 0 }], name: 'main' }, /^sentinels: /],
    [{ sentinels: ['a'] }, /^name: undefined: the name under which the Sentinels know the master/],
    [{ client: {} }, /^client: object: a client of/],
    [{ client, password: 'x' }, /^password: \(hidden\): not allowed beside `client`/],
    [{ password: '' }, /^password: \(hidden\): a non-empty text/],
    [{ password: 'x', passwordFile: '/none' }, /^passwordFile: \(hidden\): either/],
    [{ passwordFile: '/' }, /^passwordFile: \(hidden\): .*is not a file/],
    [{ passwordFile: 7 }, /^passwordFile: .*no path/],
    [{ client, passwordFile: '/none' }, /^passwordFile: \(hidden\): not allowed beside `client`/],
    [{ sentinels: 'redis://:hunter2@a', name: 'main' }, /^sentinels: \(hidden\): /],
    [{ sentinels: ['x:hunter2@a', {}], name: 'main' }, /^sentinels: \(hidden\): /],
    [{ database: -1 }, /^database: -1: /],
    [{ url: 'rediss://a', tls: { CA: 'x' } }, /^tls.CA: \(hidden\): no such option; did you mean `ca`/],
  ])('%j', (options, problem) => {
    expect(problems(options)).toContainEqual(expect.stringMatching(problem));
  });

  it('by the name of the variable, and all at once', () => {
    expect(problems({ password: '' }, 'nonsense')).toEqual([expect.stringMatching(/^REDIS_URL/)]);
    expect(problems({ database: 1.5, username: '', url: 'redis://a' })).toHaveLength(2);
  });

  it('without ever showing a password', () => {
    expect(problems({ url: 'http://user:hunter2@a', password: 7 }).join()).not.toContain('hunter2');
  });
});

it('warns of a password that others can read on its way, and of any certificate taken', () => {
  expect(resolve({ url: 'redis://:secret@10.0.0.1' }).warnings).toEqual([
    expect.stringMatching(/^the password of redis:\/\/10\.0\.0\.1:6379 goes over plain TCP/),
  ]);
  expect(resolve({ url: 'redis://:secret@localhost' }).warnings).toEqual([]);
  expect(resolve({ url: 'rediss://:secret@10.0.0.1' }).warnings).toEqual([]);
  expect(resolve({ sentinels: ['10.0.0.1'], name: 'main', sentinelPassword: 'x' }).warnings).toHaveLength(1);
  expect(resolve({ url: 'rediss://10.0.0.1', tls: { insecureSkipVerify: true } }).warnings).toEqual([
    expect.stringMatching(/not verified/),
  ]);
});

it('bounds what an answer may take', () => {
  expect(resolve({}).caps).toEqual({
    look: { bytes: 1_049_600, option: 'redis({ maxLookBytes })' },
    ids: { bytes: 8_388_608, option: 'redis({ maxListBytes }) for ids' },
    list: { bytes: 33_554_432, option: 'redis({ maxListBytes })' },
  });
  expect(resolve({ client, maxListBytes: 65_536 }).caps).toMatchObject({
    ids: { bytes: 16_384 },
    list: { bytes: 65_536 },
  });
  expect(problems({ maxLookBytes: 1 })).toEqual(['maxLookBytes: 1: a whole number from 65536 to 268435456']);
});

describe('redis() in a worker thread', () => {
  it('has its options, and asks for passwords that are functions', () => {
    const password = () => 'later';
    expect(redisWorkerSpec({ sentinels: ['a'], name: 'main', password, sentinelPassword: 'fixed' })).toEqual({
      kind: 'redis',
      options: { sentinels: ['a'], name: 'main', sentinelPassword: 'fixed' },
      asks: { password },
    });
  });

  it('is not there with a client of the host', () => {
    expect(redisWorkerSpec({ client })).toBeUndefined();
  });
});
