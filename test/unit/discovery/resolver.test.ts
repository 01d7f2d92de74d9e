import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, RegistryUnavailableError } from '../../../src/core/errors.js';
import { systemClock } from '../../../src/core/clock.js';
import { createResolver, createResolverOn } from '../../../src/discovery/resolver.js';
import type { Resolver, ResolverOptions } from '../../../src/discovery/resolver.js';
import { resolveInstance } from '../../../src/discovery/resolve-instance.js';
import type { ServiceOptions } from '../../../src/discovery/service-options.js';
import { SnapshotStore } from '../../../src/discovery/snapshot-store.js';
import { memory } from '../../../src/index.js';
import type { Registry } from '../../../src/index.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { waitFor } from '../../support/wait-for.js';
import { ScriptedDiscovery, listed } from './scripted-discovery.js';

const down = new RegistryUnavailableError('the registry is down');

let clock: FakeClock;
let discovery: ScriptedDiscovery;
let registry: Registry & { closed: number };
let opened: Resolver[];

beforeEach(() => {
  clock = new FakeClock();
  discovery = new ScriptedDiscovery(clock);
  const { read, register, remove } = memory();
  registry = {
    name: 'scripted',
    traits: { isLocal: true, suppliesAddress: false },
    discovery,
    read,
    register,
    remove,
    closed: 0,
    close() {
      registry.closed += 1;
      return Promise.resolve();
    },
  };
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((resolver) => resolver.close()));
  expect([clock.pending, clock.holds]).toEqual([0, 0]);
});

function open(options: ResolverOptions = {}): Resolver {
  const resolver = createResolverOn(clock, () => 1, { registry, logger: false, ...options });
  opened.push(resolver);
  return resolver;
}

const ids = ({ instances }: { instances: readonly { id: string }[] }) => instances.map(({ id }) => id);

describe('the options', () => {
  it.each<[what: string, options: object, words: string]>([
    ['a registry that is none', { registry: {} }, 'registry'],
    ['a registry without discovery', { registry: { ...memory(), discovery: undefined } }, 'registry'],
    ['a snapshot that is no object', { snapshot: true }, 'snapshot'],
    ['a directory that is none', { snapshot: { dir: '' } }, 'snapshot.dir'],
  ])('refuse %s', (_what, options, words) => {
    expect(() => open(options)).toThrow(ConfigError);
    expect(() => open(options)).toThrow(words);
  });

  it.each<[words: string, name: string, options: object]>([
    ['service', '', {}],
    ['tags', 'orders', { tags: 'v2' }],
    ['datacenter', 'orders', { datacenter: '' }],
    ['scripted has no datacenters', 'orders', { datacenter: 'dc2' }],
    ['warning', 'orders', { warning: true }],
    ['maxAge', 'orders', { maxAge: 'soon' }],
    ['static', 'orders', { static: ['10.0.0.7:3000'] }],
    ['static', 'orders', { static: ['http://10.0.0.7/path'] }],
    ['static', 'orders', { static: [null] }],
    ['static', 'orders', { static: [{ port: 3000 }] }],
  ])('of a service refuse a wrong %s', (words, name, options) => {
    const resolver = open();
    expect(() => resolver.service(name, options as ServiceOptions)).toThrow(words);
    expect(discovery.polls).toBe(0);
  });

  it('take origins and instances for the static list', () => {
    const orders = open().service('orders', {
      static: ['http://10.0.0.7:3000', 'https://[fd00::7]/', { address: 'a.internal', port: 1, meta: { zone: 'z' } }],
    });
    expect(orders.snapshot()).toMatchObject({ source: 'static', ageMs: Infinity, presence: 'unknown' });
    expect(orders.snapshot().instances.map(({ origin, zone }) => [origin, zone])).toEqual([
      ['http://10.0.0.7:3000', undefined],
      ['https://[fd00::7]:443', undefined],
      ['http://a.internal:1', 'z'],
    ]);
  });
});

describe('sharing', () => {
  it('gives the same object for the same name and options, and another after it was closed', () => {
    const resolver = open();
    const orders = resolver.service('orders', { tags: ['a'] });
    expect(resolver.service('orders', { tags: ['a'] })).toBe(orders);
    expect(resolver.service('orders')).not.toBe(orders);
    orders.close();
    expect(resolver.service('orders', { tags: ['a'] })).not.toBe(orders);
  });

  it('polls once for all resolvers of a registry, and closes it with the last of them', async () => {
    const [one, other] = [open(), open()];
    one.service('orders');
    const last = other.service('orders', { tags: ['a'] });
    await settle();
    expect(discovery.polls).toBe(1);
    await one.close();
    expect(registry.closed).toBe(0);
    await discovery.answer(listed('a'), '1');
    expect(last.snapshot().source).toBe('live');
    await other.close();
    expect(registry.closed).toBe(1);
  });

  it('refuses a service after it was closed', async () => {
    const resolver = open();
    const orders = resolver.service('orders');
    await resolver.close();
    await resolver.close();
    expect(() => resolver.service('orders')).toThrow('closed');
    await expect(orders.ready()).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
    expect(orders.snapshot().instances).toEqual([]);
  });
});

describe('a snapshot', () => {
  it('tells a service that was never seen from one whose instances have gone', async () => {
    const orders = open().service('orders');
    expect(orders.snapshot()).toMatchObject({ source: 'none', presence: 'unknown', ageMs: Infinity });
    await discovery.answer(listed(), '1');
    expect(orders.snapshot()).toMatchObject({ source: 'live', presence: 'never-seen' });
    await discovery.answer(listed('a'), '2');
    expect(orders.snapshot().presence).toBe('present');
    await clock.advance(1_000);
    await discovery.answer(listed(), '3');
    expect(orders.snapshot()).toMatchObject({ source: 'live', presence: 'gone', instances: [] });
  });

  it('is the same list until something changes, and tells its age', async () => {
    const orders = open().service('orders');
    await discovery.answer(listed('a'), '1');
    const { instances } = orders.snapshot();
    await clock.advance(700);
    await discovery.answer([...listed('a'), { ...listed('b')[0]!, status: 'critical' }], '2');
    expect(orders.snapshot().instances).toBe(instances);
    await clock.advance(300);
    await discovery.fail(down);
    await clock.advance(500);
    expect(orders.snapshot()).toMatchObject({ source: 'memory', ageMs: 800 });
  });

  it('goes on to the static list when the answer is older than maxAge, with an event', async () => {
    const orders = open().service('orders', { maxAge: '30s', static: ['http://10.0.0.7:3000'] });
    const sources: string[] = [];
    orders.events.on('changed', ({ source }) => sources.push(source));
    await discovery.answer(listed('a'), '1');
    await discovery.fail(down);
    await clock.advance(30_000);
    expect(orders.snapshot().source).toBe('memory');
    await clock.advance(1);
    expect(orders.snapshot()).toMatchObject({ source: 'static', presence: 'present' });
    expect(sources).toEqual(['live', 'memory', 'static']);
  });
});

describe('ready', () => {
  const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => (error as Error).message);

  it('resolves to the first answer with an instance', async () => {
    const ready = open().service('orders').ready();
    expect(clock.holds).toBe(1);
    await discovery.answer(listed(), '1');
    await clock.advance(1_000);
    await discovery.answer(listed('a'), '2');
    expect(ids(await ready)).toEqual(['a']);
  });

  it('prefers the live answer, but not for longer than a second', async () => {
    const orders = open().service('orders', { static: ['http://10.0.0.7:3000'] });
    const ready = orders.ready();
    await clock.advance(999);
    const late = orders.ready();
    await discovery.answer(listed('a'), '1');
    expect([(await ready).source, (await late).source]).toEqual(['live', 'live']);
    const other = open()
      .service('billing', { static: ['http://10.0.0.7:3000'] })
      .ready();
    await clock.advance(1_000);
    expect((await other).source).toBe('static');
  });

  it('takes an older answer at once when the registry does not answer', async () => {
    const ready = open()
      .service('orders', { static: ['http://10.0.0.7:3000'] })
      .ready();
    await clock.advance(0);
    await discovery.fail(down);
    expect((await ready).source).toBe('static');
  });

  it.each<[words: string, act: () => Promise<void>]>([
    ['the registry has not answered yet', () => Promise.resolve()],
    ['the registry does not answer (the registry is down)', () => discovery.fail(down)],
    ['none was ever registered', () => discovery.answer(listed(), '1')],
    ['none that is healthy', () => discovery.answer([{ ...listed('a')[0]!, status: 'critical' }], '1')],
    [
      'all its instances have left',
      async () => {
        await discovery.answer(listed('a'), '1');
        await discovery.answer(listed(), '2');
      },
    ],
  ])('says why there is none: %s', async (words, act) => {
    const orders = open().service('orders');
    await clock.advance(0);
    await act();
    const message = outcome(orders.ready({ timeout: '2s' }));
    await clock.advance(2_000);
    expect(await message).toContain('orders has no instance after 2s');
    expect(await message).toContain(words);
  });

  it('ends with its signal, with close, and refuses a timeout that is none', async () => {
    const orders = open().service('orders');
    const controller = new AbortController();
    const aborted = outcome(orders.ready({ signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect(await aborted).toBe('enough');
    await expect(orders.ready({ timeout: 'soon' })).rejects.toThrow(ConfigError);
    const closed = outcome(orders.ready());
    orders.close();
    expect(await closed).toContain('orders is closed');
  });
});

describe('watch', () => {
  it('gives each change, and the newest one only to a slow reader', async () => {
    const orders = open().service('orders');
    const seen: string[] = [];
    const reading = (async () => {
      for await (const snapshot of orders.watch()) seen.push(`${snapshot.source} ${ids(snapshot).join()}`);
    })();
    await clock.advance(0);
    await discovery.answer(listed('a'), '1');
    await discovery.answer(listed('a'), '2');
    await clock.advance(1_000);
    await discovery.answer(listed('a', 'b'), '3');
    await clock.advance(1_000);
    await discovery.fail(down);
    orders.close();
    await reading;
    expect(seen).toEqual(['live a', 'live a,b', 'memory a,b']);
  });

  it('ends with its signal', async () => {
    const controller = new AbortController();
    const next = open().service('orders').watch(controller).next();
    controller.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });
});

it('tells its listeners, and goes on when one of them throws', async () => {
  const lines: string[] = [];
  const write = (_fields: object, message: string) => lines.push(message);
  const orders = open({ logger: { debug: write, info: write, warn: write, error: write } }).service('orders');
  const told: string[] = [];
  orders.events.on('changed', () => {
    throw new Error('a bug');
  });
  for (const event of ['changed', 'stale', 'recovered', 'doubted'] as const)
    orders.events.on(event, () => told.push(event));
  await discovery.answer(listed('a', 'b', 'c'), '1');
  await discovery.fail(down);
  await clock.advance(1_000);
  await discovery.answer(listed('a'), '2');
  expect(told).toEqual(['changed', 'stale', 'changed', 'recovered', 'doubted', 'changed']);
  expect(lines[0]).toContain('orders: a listener of changed threw: a bug');
});

describe('what is saved on the host', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rollcall-resolver-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('is what a process begins with that cannot reach the registry', async () => {
    const before = memory();
    const resolver = createResolver({ registry: before, snapshot: { dir }, logger: false });
    const signal = new AbortController().signal;
    const instance = { ...listed('a')[0]!, nonce: 'n', ttlMs: 60_000, checks: [] };
    const passing = { status: 'passing', reason: 'ok' } as const;
    await (await before.register(instance, passing, signal)).renew(passing, signal);
    await resolver.service('orders').ready();
    const folder = join(dir, `rollcall-snapshots-${String(process.geteuid?.())}`);
    await waitFor(async () => (await readdir(folder).catch(() => [])).some((file) => file.endsWith('.snapshot')));
    await resolver.close();

    const away = { ...registry, name: 'memory', discovery: { poll: () => Promise.reject(down) } };
    const next = createResolver({ registry: away, snapshot: { dir }, logger: false });
    const found = await next.service('orders').ready();
    expect(found).toMatchObject({ source: 'disk', presence: 'present' });
    expect(ids(found)).toEqual(['a']);
    expect(found.ageMs).toBeLessThan(systemClock.wallTime());
    await next.close();
  });

  it('is doubted to be gone when the registry comes back without it, and is gone for the next process too', async () => {
    const key = { registry: 'memory', service: 'orders', datacenter: undefined };
    const store = new SnapshotStore(dir, systemClock);
    await store.save(key, systemClock.wallTime(), listed('a', 'b', 'c').map(resolveInstance));
    const one = createResolver({ registry: memory(), snapshot: { dir }, logger: false });
    const orders = one.service('orders');
    expect((await orders.ready()).instances).toHaveLength(3);
    await waitFor(() => orders.snapshot().doubted === 3);
    await one.close();

    await store.save(key, systemClock.wallTime(), []);
    const next = createResolver({ registry: memory(), snapshot: { dir }, logger: false });
    const gone = next.service('orders');
    await waitFor(() => gone.snapshot().source === 'live' && gone.snapshot().presence === 'gone');
    await next.close();
  });
});
