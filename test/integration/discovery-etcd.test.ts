import { afterEach, expect, inject, it } from 'vitest';
import { etcd } from 'rollcall';
import type { HealthReport, Registry, ServiceInstance } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import type { ResolvedService } from 'rollcall/discovery';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { waitFor } from '../support/wait-for.js';
import { compact } from './fixtures/etcd-trouble.js';
import { cleanUp, freshName, later, proxyBefore } from './fixtures/live.js';
import { ownEtcd } from './fixtures/live-etcd.js';

const shared = inject('etcdUrl');
const { signal } = new AbortController();
const passing: HealthReport = { status: 'passing', reason: 'ok' };

afterEach(cleanUp);

/** A writer, and a way to write an instance that passes. */
function writerOn(url: string): { registry: Registry; add(name: string, id: string): Promise<ServiceInstance> } {
  const registry = etcd({ endpoints: [url] });
  later(() => registry.close());
  return {
    registry,
    async add(name, id) {
      const instance = {
        name,
        id,
        address: '10.0.0.7',
        port: 3000,
        tags: [],
        meta: {},
        nonce: `nonce of ${id}`,
        ttlMs: 60_000,
        checks: [],
      };
      await (await registry.register(instance, passing, signal)).renew(passing, signal);
      return instance;
    },
  };
}

interface Read {
  readonly service: ResolvedService;
  readonly polls: string[];
  readonly watches: number[];
  readonly ids: () => string;
}

/** A reader that counts what it sends: the services that it lists, and how many each of its streams has. */
function readerOf(url: string, ...names: string[]): Read[] {
  const registry = etcd({ endpoints: [url] });
  const { discovery } = registry;
  const polls: string[] = [];
  const watches: number[] = [];
  const { name, traits, endpoint } = registry;
  const counted: Registry = {
    name,
    traits,
    endpoint,
    discovery: {
      poll: (...given) => {
        polls.push(given[0]);
        return discovery!.poll(...given);
      },
      watch: (...given) => {
        watches.push(given[0].length);
        return discovery!.watch!(...given);
      },
    },
    read: (...given) => registry.read(...given),
    register: (...given) => registry.register(...given),
    remove: (...given) => registry.remove(...given),
    close: () => registry.close(),
  };
  const resolver = createResolver({ registry: counted, logger: false });
  later(() => resolver.close());
  return names.map((name) => {
    const service = resolver.service(name);
    const ids = () =>
      service
        .snapshot()
        .instances.map(({ id }) => id)
        .join();
    return { service, polls, watches, ids };
  });
}

it.each([2, 20])('is told of changes of %d services by one stream, without another list', async (count) => {
  const names = Array.from({ length: count }, () => freshName('told'));
  const { registry, add } = writerOn(shared);
  for (const name of names) await add(name, 'a/1');
  const readers = readerOf(shared, ...names);
  const [{ polls, watches }] = readers as [Read];
  await Promise.all(readers.map(({ service }) => service.ready()));
  await waitFor(() => watches.at(-1) === count);
  // A service whose stream was not open within a second is listed twice.
  await waitFor(() => isQuiet(polls), { everyMs: 0 });
  expect(polls.length).toBeLessThanOrEqual(2 * count);
  const listed = polls.length;
  const [first = '', second = ''] = names;
  const kept = await add(first, 'b');
  await registry.remove({ name: second, id: 'a/1' }, signal);
  await waitFor(() => readers[0]!.ids() === 'a/1,b' && readers[1]!.ids() === '');
  await registry.maintain!(kept, 'new disks', signal);
  await waitFor(() => readers[0]!.ids() === 'a/1');
  expect(readers[1]!.service.snapshot().presence).toBe('gone');
  expect(polls).toHaveLength(listed);
});

/** Whether nothing is polled for longer than the interval of polls. */
async function isQuiet(polls: readonly string[]): Promise<boolean> {
  const before = polls.length;
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  return polls.length === before;
}

it.each([1, 30])('lists one of %d services anew whose key for others is gone, but not its record', async (count) => {
  const names = Array.from({ length: count }, () => freshName('withheld'));
  const name = names.at(-1) ?? '';
  await writerOn(shared).add(name, 'a');
  const readers = readerOf(shared, ...names);
  const { polls, watches, ids } = readers.at(-1) as Read;
  await waitFor(() => ids() === 'a' && watches.at(-1) === count);
  await rawEtcd(shared).delete(`${name}/a`);
  await waitFor(() => ids() === '');
  expect(polls.filter((each) => each === name)).toHaveLength(2);
});

it('goes on after a restart, and lists anew what was lost when etcd comes back empty', async () => {
  const server = await ownEtcd();
  const name = freshName('restart');
  const { add } = writerOn(server.url);
  await add(name, 'a');
  const [{ service, watches, ids }] = readerOf(server.url, name) as [Read];
  const events: string[] = [];
  for (const event of ['stale', 'recovered'] as const) service.events.on(event, () => events.push(event));
  await waitFor(() => ids() === 'a' && watches.length === 1);
  await server.kill();
  await waitFor(() => events.join() === 'stale');
  expect(service.snapshot()).toMatchObject({ source: 'memory', instances: [{ id: 'a' }] });
  await server.restartEmpty();
  await waitFor(() => service.snapshot().source === 'live' && ids() === '', { timeoutMs: 10_000 });
  await writerOn(server.url).add(name, 'b');
  await waitFor(() => ids() === 'b', { timeoutMs: 10_000 });
});

it('lists anew what a compaction made etcd forget', async () => {
  const server = await ownEtcd();
  const name = freshName('compacted');
  const { add } = writerOn(server.url);
  await add(name, 'a');
  const registry = etcd({ endpoints: [server.url] });
  later(() => registry.close());
  const { revision } = await registry.discovery!.poll(name, undefined, signal);
  await add(name, 'b');
  await compact(server);
  const controller = new AbortController();
  const news: object[] = [];
  const watching = registry.discovery!.watch!(
    [{ service: name, revision }],
    (each) => news.push(each),
    controller.signal,
  );
  await waitFor(() => news.length >= 3);
  controller.abort(new Error('enough'));
  await expect(watching).rejects.toThrow('enough');
  expect(news[0]).toMatchObject({ kind: 'open' });
  expect(news.slice(1)).toEqual([
    { kind: 'lost', service: name },
    { kind: 'lost', service: name },
  ]);
});

it('polls while no stream can be opened', async () => {
  const door = await proxyBefore(shared);
  await door.intercept(({ path }) => (path.endsWith('/watch') ? { status: 404, body: '{}' } : undefined));
  const name = freshName('polled');
  const { add } = writerOn(shared);
  await add(name, 'a');
  const [{ service, watches, ids }] = readerOf(door.url, name) as [Read];
  const events: string[] = [];
  service.events.on('stale', () => events.push('stale'));
  await waitFor(() => ids() === 'a' && watches.length === 1);
  await add(name, 'b');
  await waitFor(() => ids() === 'a,b', { timeoutMs: 10_000 });
  expect(events).toEqual([]);
});
