import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consul } from '../../src/backends/consul/consul-registry.js';
import { readServiceEnv } from '../../src/config/env.js';
import type { RegistrarOptions } from '../../src/config/options.js';
import { resolveConfig } from '../../src/config/resolve-config.js';
import { hasCode } from '../../src/core/errors.js';
import { keyOf } from '../../src/contracts/service-instance.js';
import type { Registry } from '../../src/contracts/registry.js';
import type { ServiceInstance } from '../../src/contracts/service-instance.js';
import { hostileText } from '../support/hostile-text.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import type { RawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';

interface AgentService {
  readonly ID: string;
  readonly Service: string;
  readonly Tags: readonly string[];
  readonly Meta: Readonly<Record<string, string>>;
}

const signal = new AbortController().signal;
const passing = { status: 'passing', reason: 'ok' } as const;
/** Nothing but what is under test comes and goes there. */
let agent: ConsulServer;
beforeAll(async () => {
  agent = await startConsul();
});
afterAll(() => agent.stop());

const facts = { variable: () => undefined, host: () => 'web1' };

/** The instance that the options make; undefined when they are refused. */
function instanceOf(options: RegistrarOptions): ServiceInstance | undefined {
  try {
    const { name, id = 'hostile-1', tags, meta } = resolveConfig(options, readServiceEnv({}), facts);
    return { name, id, tags, meta, address: '127.0.0.1', port: 4000, nonce: 'n1', ttlMs: 10_000, checks: [] };
  } catch (error) {
    if (hasCode(error, 'ROLLCALL_CONFIG')) return undefined;
    throw error;
  }
}

describe.each<[string, (text: string) => RegistrarOptions]>([
  ['name', (text) => ({ name: text })],
  ['id', (text) => ({ name: 'hostile', id: text })],
  ['tag', (text) => ({ name: 'hostile', tags: [text] })],
  ['meta value', (text) => ({ name: 'hostile', meta: { key: text } })],
  ['meta key', (text) => ({ name: 'hostile', meta: Object.fromEntries([[text, 'value']]) })],
])('a hostile %s on a real agent', (_place, put) => {
  let raw: RawConsul;
  let registry: Registry;
  beforeAll(() => {
    raw = rawConsul(agent.url);
    registry = consul({ endpoints: [agent.url] });
  });
  afterAll(async () => {
    raw.close();
    await registry.close();
  });
  const read = async <T>(path: string) => (await raw.get(path)).json<T>();
  const services = () => read<Record<string, AgentService>>('/v1/agent/services');
  /** Only the ids: the state of others' checks goes on by itself. */
  const checks = async () => Object.keys(await read<Record<string, unknown>>('/v1/agent/checks')).sort();
  const others = <T>(all: Readonly<Record<string, T>>, own: string) =>
    Object.fromEntries(Object.entries(all).filter(([id]) => id !== own));

  const idsUnder = async (name: string) =>
    (await registry.discovery?.poll(name, undefined, signal))?.instances.map(({ id }) => id);
  const canBeAskedFor = async (instance: ServiceInstance) => {
    try {
      await idsUnder(instance.name);
      return (await registry.read(keyOf(instance), signal)) === undefined;
    } catch (error) {
      if (hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) return false;
      throw error;
    }
  };

  it('is exactly one entry, is found under its name, beats, and leaves nothing behind', async () => {
    const texts = ['__proto__', 'constructor', 'a/b', ...fc.sample(hostileText, { numRuns: 1_000, seed: 20 })];
    const instances = [...new Set(texts)].flatMap((text) => instanceOf(put(text)) ?? []).slice(0, 80);
    expect(instances.length, 'texts that can be kept').toBeGreaterThan(15);
    const before = { services: await services(), checks: await checks() };
    let refused = 0;
    for (const instance of instances) {
      const { id, name, tags, meta } = instance;
      // An agent refuses characters newer than itself: of an id when it is read, which the core does before it writes; of a name when readers ask.
      if (!(await canBeAskedFor(instance))) {
        expect({ services: await services(), checks: await checks() }).toEqual(before);
        refused += 1;
        continue;
      }
      const registration = await registry.register(instance, passing, signal);
      await registration.renew(passing, signal);
      const during = { services: await services(), checks: await checks() };
      expect(Object.keys(during.services).length).toBe(Object.keys(before.services).length + 1);
      expect(others(during.services, id)).toEqual(before.services);
      expect(during.checks.filter((check) => check !== `${id}:ttl`)).toEqual(before.checks);
      const [, entry] = Object.entries(during.services).find(([key]) => key === id) ?? [];
      expect([entry?.ID, entry?.Service, entry?.Tags]).toEqual([id, name, tags]);
      expect(Object.entries(entry?.Meta ?? {}).sort()).toEqual(
        [...Object.entries(meta), ['rollcall_nonce', 'n1']].sort(),
      );
      await waitFor(async () => isDeepStrictEqual(await idsUnder(name), [id]));
      expect(await registry.read(keyOf(instance), signal)).toMatchObject({ status: 'passing', instance: { id, name } });
      await registration.deregister(signal);
      expect({ services: await services(), checks: await checks() }).toEqual(before);
    }
    expect(refused, 'most are kept').toBeLessThan(instances.length / 4);
  });
});
