import { describe, expect, it } from 'vitest';
import { readServiceEnv } from '../../../src/config/env.js';
import type { Environment } from '../../../src/config/env.js';
import type { RegistrarOptions } from '../../../src/config/options.js';
import { resolveConfig } from '../../../src/config/resolve-config.js';
import { ConfigError } from '../../../src/core/errors.js';
import type { ConfigIssue } from '../../../src/core/errors.js';

const traits = { isLocal: true, suppliesAddress: false };

/** The problems of options that a compiler might have refused. */
function problems(options: unknown, env: Environment = {}): readonly ConfigIssue[] {
  try {
    resolveConfig(options as RegistrarOptions, readServiceEnv(env));
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

const fields = (options: unknown, env?: Environment) => problems(options, env).map(({ field }) => field);
const fieldsOf = (extra: object) => fields({ name: 'orders', ...extra });
const pairs = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${String(index)}`, 'v']));

it('names every problem at once, with value and what is allowed', () => {
  const bad = {
    name: '',
    port: 70_000,
    heartbeat: { interval: '6s' },
    checks: { http: { path: 'health' } },
    meta: { ...pairs(62), 'a.b': 'x', long: 'é'.repeat(257) },
    weights: { passing: 0, warning: 1 },
    shutdown: { drain: { max: '30s' } },
  };
  expect(problems(bad).map(({ field, value }) => [field, value])).toEqual([
    ['name', ''],
    ['port', 70_000],
    ['meta', '64 pairs'],
    ['meta.a.b', 'x'],
    ['meta.long', 'é'.repeat(257)],
    ['weights.passing', 0],
    ['checks.http.path', 'health'],
    ['heartbeat.interval', '6s'],
    ['shutdown.drain.max', '30s'],
  ]);
  expect(problems(bad).every(({ allowed }) => allowed.length > 0)).toBe(true);
});

it.each([undefined, null, 5, 'orders', [['orders']]].map((options) => [options]))(
  'asks for a name when the options are %j',
  (options) => {
    expect(fields(options)).toEqual(['name']);
  },
);

describe.each<[string, unknown[], unknown[]]>([
  ['name', ['', ' ', 'a\nb', 'a'.repeat(129), 5, null], ['a', 'a'.repeat(128), 'order_service', 'Größe']],
  ['id', ['', 'a\u0007b', 'a'.repeat(256), 5], ['a', 'a'.repeat(255), 'a/b c']],
  [
    'address',
    ['', 'http://a', 'a:80', '10.0.0.1:80', '[::1]', '0.0.0.0', '::', '10.0.0', '10.0.0.256', 'a b', 5],
    ['10.0.0.1', '::1', 'fd00::7', 'orders.internal', 'localhost'],
  ],
  ['port', [0, -1, 1.5, 65_536, '80', NaN], [1, 65_535]],
  ['tags', ['v1', 5], [[], ['v1']]],
  ['meta', ['a=b', [], 5, pairs(64)], [{}, pairs(63), { ['k'.repeat(128)]: 'v'.repeat(512) }]],
  [
    'registry',
    [{}, 'consul', null, { traits, read() {}, register() {}, remove() {} }],
    [{ traits, read() {}, register() {}, remove() {}, close() {} }],
  ],
  ['ttl', ['999ms', 999, 'soon', '-10s', true], ['1s', 1_000, '1h']],
  ['tier', ['gold', 1], ['core', 'standard']],
  ['deregisterCriticalAfter', ['59s', 'never'], ['1m', '72h']],
  ['recover', ['yes', 1], [true, false]],
  ['ready', [true, 'yes'], [() => true]],
  ['logger', [true, console.log, { info() {} }], [false, console]],
  ['wait', [true, 'long'], [false, 0, '5s']],
  ['required', ['yes'], [true, false]],
  ['namespace', ['', 5], ['shop']],
  ['partition', ['', 5], ['west']],
])('%s', (field, refused, taken) => {
  it.each(refused.map((value) => [value]))('refuses %j', (value) => {
    expect(fields({ name: 'orders', [field]: value })).toEqual([field]);
  });

  it.each(taken.map((value) => [value]))('takes %j', (value) => {
    expect(fields({ name: 'orders', [field]: value })).toEqual([]);
  });
});

describe('meta', () => {
  it.each([
    ['a.b', 'x'],
    ['', 'x'],
    ['k'.repeat(129), 'x'],
    ['rollcall_nonce', 'x'],
    ['n', 4],
    ['long', 'v'.repeat(513)],
    ['wide', 'é'.repeat(257)],
    ['line', 'a\nb'],
    ['constructor', 4],
  ])('refuses the pair %j: %j', (key, value) => {
    expect(fieldsOf({ meta: { [key]: value } })).toEqual([`meta.${key}`]);
  });

  it('keeps a pair whose key is a property of every object', () => {
    expect(resolveConfig({ name: 'a', meta: { constructor: 'x' } }, readServiceEnv({})).meta).toEqual({
      constructor: 'x',
    });
  });
});

it.each([
  [{ tags: ['ok', 5, '', 'a\tb'] }, ['tags.1', 'tags.2', 'tags.3']],
  [{ weights: { passing: 0, warning: 65_536 } }, ['weights.passing', 'weights.warning']],
  [{ weights: { passing: 1 } }, ['weights.warning']],
  [{ checks: { http: { path: 'ftp://a/b' } } }, ['checks.http.path']],
  [{ checks: { http: { path: '//a/b' } } }, ['checks.http.path']],
  [{ checks: { http: { path: '/a b' } } }, ['checks.http.path']],
  [{ checks: { http: { path: 'https://a/b?c=d' } } }, []],
  [{ checks: { http: { path: '/status?full=1' } } }, []],
  [{ checks: { http: false, tcp: 7 } }, ['checks.http', 'checks.tcp']],
  [{ checks: { tcp: { interval: 0, timeout: '0s' } } }, ['checks.tcp.interval', 'checks.tcp.timeout']],
  [{ health: { path: 'health' } }, ['health.path']],
  [{ health: { port: 0, details: 'yes', components: [] } }, ['health.port', 'health.details', 'health.components']],
  [{ health: { details: 'loopback' } }, []],
  [{ health: { details: true } }, []],
  [
    {
      health: {
        components: {
          'a b': {},
          db: 5,
          redis: { run: 'ping', interval: 0, failures: 0, successes: 1.5, onFail: 'panic', retries: 3 },
        },
      },
    },
    [
      'health.components.a b',
      'health.components.db',
      ...['run', 'interval', 'failures', 'successes', 'onFail', 'retries'].map(
        (field) => `health.components.redis.${field}`,
      ),
    ],
  ],
  [{ health: { path: '/' } }, ['health.path']],
  [{ health: { path: '/a?b' } }, ['health.path']],
  [{ heartbeat: { interval: 0 } }, ['heartbeat.interval']],
  [{ shutdown: { signals: ['SIGKILL'] } }, ['shutdown.signals']],
  [{ shutdown: { signals: ['SIGNOPE'] } }, ['shutdown.signals']],
  [{ shutdown: { signals: true } }, ['shutdown.signals']],
  [{ shutdown: { timeout: 0 } }, ['shutdown.timeout']],
  [{ shutdown: { drain: { quiet: 'never' } } }, ['shutdown.drain.quiet']],
  [{ shutdown: 5, checks: null, health: true }, ['checks', 'health', 'shutdown']],
])('finds in %j what is wrong: %j', (extra, wrong) => {
  expect(fieldsOf(extra)).toEqual(wrong);
});

describe('values that contradict each other', () => {
  it.each([
    [{ ttl: '10s', heartbeat: { interval: '5001ms' } }, 'heartbeat.interval'],
    [{ ttl: '2m', deregisterCriticalAfter: '2m' }, 'deregisterCriticalAfter'],
    [{ deregisterCriticalAfter: '2m', shutdown: { policy: 'leave' } }, 'deregisterCriticalAfter'],
    [{ shutdown: { drain: { min: '16s' } } }, 'shutdown.drain.min'],
    [{ shutdown: { drain: { max: '26s' } } }, 'shutdown.drain.max'],
    [{ shutdown: { drain: { max: '9s' }, timeout: '8s' } }, 'shutdown.drain.max'],
  ])('are refused: %j', (extra, field) => {
    expect(fieldsOf(extra)).toEqual([field]);
  });

  it.each([
    [{ ttl: '10s', heartbeat: { interval: '5s' } }],
    [{ ttl: '2m', deregisterCriticalAfter: '121s' }],
    [{ shutdown: { drain: { min: '15s', max: '15s' }, timeout: '15s' } }],
  ])('are taken at the very limit: %j', (extra) => {
    expect(fieldsOf(extra)).toEqual([]);
  });

  it('are not compared with a value that is wrong by itself', () => {
    expect(fieldsOf({ ttl: '1ms', heartbeat: { interval: '6s' } })).toEqual(['ttl']);
    expect(fieldsOf({ shutdown: { drain: { min: '20s', max: 'long' } } })).toEqual(['shutdown.drain.max']);
  });
});

describe('an unknown option', () => {
  it.each([
    [{ prot: 80 }, 'prot', '`port`'],
    [{ shutdown: { timeOut: '5s' } }, 'shutdown.timeOut', '`timeout`'],
    [{ checks: { http: { intervall: '5s' } } }, 'checks.http.intervall', '`interval`'],
  ])('names the one probably meant: %j', (extra, field, meant) => {
    expect(problems({ name: 'orders', ...extra })).toEqual([
      { field, value: expect.anything() as unknown, allowed: `no such option; did you mean ${meant}?` },
    ]);
  });

  it('names all there are when none is near', () => {
    expect(problems({ name: 'orders', heartbeat: { colour: 'red' } })[0]?.allowed).toBe(
      'no such option; there are interval, thread, stallTolerance',
    );
  });
});

describe('a problem that comes from the environment', () => {
  it('carries the name of its variable and the text as it was written', () => {
    const env = {
      SERVICE_NAME: 'orders',
      SERVICE_PORT: '80a',
      SERVICE_TTL: '10',
      SERVICE_META_ZONE: 'z'.repeat(513),
      SERVICE_REGISTRY: 'etch',
    };
    expect(problems({}, env).map(({ field, value }) => [field, value])).toEqual([
      ['SERVICE_PORT', '80a'],
      ['SERVICE_META_ZONE', 'z'.repeat(513)],
      ['SERVICE_TTL', '10'],
      ['SERVICE_REGISTRY', 'etch'],
    ]);
  });

  it('says that a registry to read takes no registrations', () => {
    expect(problems({ name: 'orders' }, { SERVICE_REGISTRY: 'dns' })).toEqual([
      {
        field: 'SERVICE_REGISTRY',
        value: 'dns',
        allowed: 'a registry that takes registrations; dns() is read-only, so pass it by itself to createResolver()',
      },
    ]);
  });

  it('is none when an option stands over it', () => {
    const registry = { traits, read() {}, register() {}, remove() {}, close() {} };
    expect(fields({ name: 'orders', port: 80, registry }, { SERVICE_PORT: '80a', SERVICE_REGISTRY: 'etch' })).toEqual(
      [],
    );
  });

  it('keeps the names of options apart', () => {
    expect(
      fields({ name: 'orders', meta: { zone: 5 } }, { SERVICE_META_ZONE: 'eu', SERVICE_META_ROLLCALL_X: '1' }),
    ).toEqual(['meta.zone', 'SERVICE_META_ROLLCALL_X']);
  });
});

it('leaves the options as they were', () => {
  const options = { name: 'orders', meta: { 'a.b': 'x' }, tags: [''], shutdown: { timeout: 'x' } };
  const before = structuredClone(options);
  expect(fields(options)).toHaveLength(3);
  expect(options).toEqual(before);
});
