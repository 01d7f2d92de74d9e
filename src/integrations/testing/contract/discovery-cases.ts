import assert from 'node:assert/strict';
import { systemClock } from '../../../core/clock.js';
import type { Registry } from '../../../contracts/registry.js';
import type { ServiceInstance } from '../../../contracts/service-instance.js';
import { createResolver } from '../../../discovery/resolver.js';
import type { Resolver } from '../../../discovery/resolver.js';
import type { ResolvedService } from '../../../discovery/resolved-service.js';
import type { ServiceSnapshot } from '../../../contracts/service-snapshot.js';
import { beating } from './beating-instance.js';
import type { BeatingInstance } from './beating-instance.js';
import { passing, sample } from './contract-case.js';
import type { ContractCase, ContractHarness } from './contract-case.js';

/** The longest that a reader may lag: a poll each second, on a busy machine. */
const WITHIN_MS = 10_000;

interface Scene {
  readonly harness: ContractHarness;
  readonly resolver: Resolver;
  /** Registers an instance, whose heartbeats end with the case. */
  readonly register: (instance: ServiceInstance) => Promise<BeatingInstance>;
  /** The same with a sample. */
  readonly live: (overrides?: Partial<ServiceInstance>) => Promise<BeatingInstance>;
}

type ResolverCase = (scene: Scene) => Promise<void>;

/** What readers see through a resolver. */
export const discoveryCases: readonly ContractCase[] = [
  through('finds a healthy instance, live and with its origin', async ({ live, resolver }) => {
    const { instance } = await live({ tags: ['v2'], meta: { scheme: 'https', zone: 'a' } });
    const { instances, source, presence } = await resolver.service(instance.name).ready({ timeout: WITHIN_MS });
    assert.deepEqual(
      instances.map(({ id, origin, zone, tags, nonce }) => ({ id, origin, zone, tags, nonce })),
      [{ id: instance.id, origin: 'https://127.0.0.1:4000', zone: 'a', tags: ['v2'], nonce: instance.nonce }],
    );
    assert.deepEqual([source, presence], ['live', 'present']);
  }),
  through('gives an instance without a port no origin', async ({ harness, register, resolver }) => {
    const { port: _absent, ...portless } = sample(harness);
    await register(portless);
    const { instances } = await resolver.service(portless.name).ready({ timeout: WITHIN_MS });
    assert.deepEqual(
      instances.map(({ id, origin }) => ({ id, origin })),
      [{ id: portless.id, origin: undefined }],
    );
  }),
  through('sees an instance come and go, and knows a service whose instances have gone', async (scene) => {
    const { harness, live, resolver } = scene;
    const { name } = sample(harness);
    const service = resolver.service(name);
    await until(service, ({ presence }) => presence === 'never-seen');
    const { instance, deregister } = await live({ name });
    await until(service, ({ instances }) => instances.some(({ id }) => id === instance.id));
    await deregister();
    await until(service, ({ presence, instances }) => presence === 'gone' && instances.length === 0);
  }),
  through('leaves out an instance while it is critical', async ({ live, resolver }) => {
    const { instance, report } = await live();
    const service = resolver.service(instance.name);
    await service.ready({ timeout: WITHIN_MS });
    await report({ status: 'critical', reason: 'down' });
    await until(service, ({ instances, presence }) => instances.length === 0 && presence === 'present');
    await report(passing);
    await until(service, ({ instances }) => instances.length === 1);
  }),
  through('leaves out an instance whose lease has expired', async ({ harness, live, resolver }) => {
    const { instance, stop } = await live();
    const service = resolver.service(instance.name);
    await service.ready({ timeout: WITHIN_MS });
    stop();
    await harness.advance(harness.ttlMs + 1);
    await until(service, ({ instances }) => instances.length === 0);
  }),
  through('selects by tags and by warning', async ({ live, resolver }) => {
    const { instance } = await live({ tags: ['v1'] });
    const other = await live({ name: instance.name, tags: ['v1', 'v2'] });
    await other.report({ status: 'warning', reason: 'slow' });
    const all = resolver.service(instance.name, { tags: ['v1'] });
    await until(all, ({ instances }) => instances.some(({ status }) => status === 'warning') && instances.length === 2);
    const tagged = await resolver.service(instance.name, { tags: ['v2'] }).ready({ timeout: WITHIN_MS });
    const healthy = await resolver.service(instance.name, { warning: 'exclude' }).ready({ timeout: WITHIN_MS });
    assert.deepEqual([idsOf(tagged), idsOf(healthy)], [[other.instance.id], [instance.id]]);
  }),
  through('keeps an unchanged instance the same object when another one comes', async ({ live, resolver }) => {
    const { instance } = await live();
    const service = resolver.service(instance.name);
    const [before] = (await service.ready({ timeout: WITHIN_MS })).instances;
    await live({ name: instance.name });
    const { instances } = await until(service, (now) => now.instances.length === 2);
    assert.ok(before !== undefined && instances.includes(before), 'the first instance is another object now');
  }),
  through('has one poll under way for a service, however many callers and resolvers', async ({ harness, live }) => {
    const { instance } = await live();
    const { registry, figures } = countedPolls(harness.registry);
    const resolvers = Array.from({ length: 3 }, () => createResolver({ registry, logger: false }));
    const services = resolvers.flatMap((resolver) =>
      Array.from({ length: 10 }, (_, at) => resolver.service(instance.name, { tags: at % 2 === 0 ? [] : ['none'] })),
    );
    const [first] = services;
    assert.ok(first);
    await first.ready({ timeout: WITHIN_MS });
    await live({ name: instance.name });
    await until(first, ({ instances }) => instances.length === 2);
    assert.equal(figures.most, 1);
    await Promise.all(resolvers.map((resolver) => resolver.close()));
  }),
];

/** A case with a resolver, which closes the registry. */
function through(name: string, run: ResolverCase): ContractCase {
  return {
    name,
    async run(harness) {
      const resolver = createResolver({ registry: harness.registry, logger: false });
      const instances: BeatingInstance[] = [];
      const register = async (instance: ServiceInstance) => {
        const registered = await beating(harness, instance);
        instances.push(registered);
        return registered;
      };
      const live = (overrides?: Partial<ServiceInstance>) => register(sample(harness, overrides));
      try {
        await run({ harness, resolver, register, live });
        return undefined;
      } finally {
        for (const { stop } of instances) stop();
        await resolver.close();
      }
    },
  };
}

/** Resolves to the first answer that is as it should be. */
async function until(
  service: ResolvedService,
  isRight: (snapshot: ServiceSnapshot) => boolean,
): Promise<ServiceSnapshot> {
  const controller = new AbortController();
  const cancel = systemClock.after(WITHIN_MS, () => {
    controller.abort(new Error(`Not within ${String(WITHIN_MS)} ms; the last answer: ${shown(service)}`));
  });
  try {
    for await (const snapshot of service.watch(controller)) if (isRight(snapshot)) return snapshot;
  } finally {
    cancel();
  }
  return assert.fail('the watch ended');
}

function idsOf({ instances }: ServiceSnapshot): ServiceInstance['id'][] {
  return instances.map(({ id }) => id);
}

function shown(service: ResolvedService): string {
  return JSON.stringify(service.snapshot());
}

/** The registry with a count of its polls; the harness closes it. */
function countedPolls(inner: Registry): { registry: Registry; figures: { most: number } } {
  const figures = { most: 0 };
  let underWay = 0;
  const polled = inner.discovery;
  const discovery = polled && {
    traits: polled.traits,
    poll: async (...given: Parameters<NonNullable<Registry['discovery']>['poll']>) => {
      underWay += 1;
      figures.most = Math.max(figures.most, underWay);
      try {
        return await polled.poll(...given);
      } finally {
        underWay -= 1;
      }
    },
  };
  const { name, traits, endpoint, deadlines } = inner;
  const registry: Registry = {
    name,
    traits,
    endpoint,
    ...(deadlines && { deadlines }),
    discovery,
    read: (key, signal) => inner.read(key, signal),
    register: (instance, report, signal) => inner.register(instance, report, signal),
    remove: (key, signal) => inner.remove(key, signal),
    close: () => Promise.resolve(),
  };
  return { registry, figures };
}
