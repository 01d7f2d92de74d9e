import { afterEach, describe, expect, inject, it } from 'vitest';
import { startNewerConsul } from '../support/newer-consul.js';
import { waitFor } from '../support/wait-for.js';
import { aclsOf } from './fixtures/acls.js';
import {
  catalogOf,
  cleanUp,
  freshName,
  later,
  ownConsul,
  proxyBefore,
  registeredOn,
  registrarOn,
} from './fixtures/live.js';
import { watchService } from './fixtures/watching.js';

const shared = inject('consulUrl');

/** So long that no beat falls into a test: what is noticed sooner was noticed by the held look. */
const rareBeats = { ttl: '60s', heartbeat: { interval: '30s' } };
const frequentBeats = { ttl: '3s', heartbeat: { interval: '1s' } };

afterEach(cleanUp);

/** Straight to the agent, or to one that answers as newer ones do. */
async function doorTo(url: string, age: 'this' | 'a newer'): Promise<string> {
  if (age === 'this') return url;
  const proxy = await startNewerConsul(url);
  later(() => proxy.close());
  return proxy.url;
}

describe.each(['this', 'a newer'] as const)('on %s Consul', (age) => {
  it('a service is listed again, without any setting, after its agent came back empty', async () => {
    const agent = await ownConsul();
    const name = freshName('restart');
    const { events, registrar, id } = await registeredOn(await doorTo(agent.url, age), { name });
    await agent.restart();
    expect((await events.next('recovered', 20_000)).cause).toBe('missing');
    const catalog = catalogOf(agent.url);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    expect(await catalog.entries(name)).toMatchObject([
      { Service: { ID: id, Meta: { rollcall_nonce: registrar.instance?.nonce } } },
    ]);
    expect(registrar.state).toBe('registered');
  });

  it('a service that somebody deregistered is back at once, long before its next beat', async () => {
    const name = freshName('outside');
    const { events, id } = await registeredOn(await doorTo(shared, age), { name, ...rareBeats });
    const catalog = catalogOf(shared);
    for (let round = 1; round <= 3; round += 1) {
      await catalog.deregister(id);
      expect((await events.next('recovered')).cause).toBe('missing');
      await waitFor(async () => (await catalog.passing(name)).length === 1);
    }
    expect(events.of('lost')).toHaveLength(3);
  });

  it('a service whose TTL check alone was deregistered has it again, and passes', async () => {
    const name = freshName('check-only');
    const { events, id } = await registeredOn(await doorTo(shared, age), { name, ...frequentBeats });
    const catalog = catalogOf(shared);
    await catalog.deregisterCheck(`${id}:ttl`);
    await waitFor(async () => (await catalog.checks(id))[`${id}:ttl`] === 'passing');
    expect(await catalog.passing(name)).toHaveLength(1);
    expect((await events.next('recovered')).cause).toBe('missing');
  });
});

describe('an agent that keeps its data', () => {
  it('has one entry after a restart, and it passes', async () => {
    const agent = await ownConsul({ dataDir: true });
    const name = freshName('kept');
    const { events, id } = await registeredOn(agent.url, { name, ttl: '3s' });
    await agent.restart();
    const catalog = catalogOf(agent.url);
    events.clear();
    await events.next('beat', 20_000);
    await waitFor(async () => (await catalog.passing(name)).length === 1, { timeoutMs: 20_000 });
    expect((await catalog.entries(name)).map(({ Service }) => Service.ID)).toEqual([id]);
    expect(Object.keys(await catalog.checks(id))).toEqual([`${id}:ttl`]);
  });
});

describe('an agent that is down when the service starts', () => {
  it('has it as soon as it comes up', async () => {
    const agent = await ownConsul();
    await agent.kill();
    const name = freshName('boot');
    const { registrar, events } = registrarOn(agent.url, { name, id: name });
    void registrar.start();
    expect((await events.next('beatMissed')).error.code).toBe('ROLLCALL_REGISTRY_UNAVAILABLE');
    await events.next('beatMissed');
    expect(registrar.state).toBe('recovering');
    await agent.restart();
    await events.next('registered', 20_000);
    const catalog = catalogOf(agent.url);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });
});

describe("an operator's maintenance", () => {
  it('outlives an update and a loss of the entry, and nobody ever sees the service pass meanwhile', async () => {
    // An agent may answer a held look early; so the maintenance is seen within a second, not half a minute.
    const proxy = await proxyBefore(shared);
    const behind = catalogOf(shared);
    await proxy.intercept(async ({ method, path }) => {
      if (method !== 'GET' || !path.includes('wait=')) return undefined;
      const { status, headers, body } = await behind.raw.get(path.replace(/wait=\d+s/, 'wait=1s'));
      return { status, headers: { 'x-consul-contenthash': String(headers['x-consul-contenthash']) }, body };
    });
    const name = freshName('maintenance');
    const { registrar, events, id } = await registeredOn(proxy.url, { name, ttl: '6s' });
    await behind.maintenance(id, true, 'disks');
    await waitFor(async () => (await behind.passing(name)).length === 0);
    const watching = watchService(catalogOf(shared), name);
    events.clear();
    await registrar.update({ tags: ['updated'] });
    // Every held look that ends is followed by a look at the health, and that by a beat.
    for (let beats = 1; beats <= 2; beats += 1) await events.next('beat');
    await behind.deregister(id);
    await events.next('recovered');
    await watching.looks(50);
    const seen = await watching.stop();
    expect(seen).not.toContain('passing');
    expect(seen).toContain('absent');
    expect((await behind.entries(name))[0]?.Service.Tags).toEqual(['updated']);
    expect(await behind.checks(id)).toMatchObject({
      [`_service_maintenance:${id}`]: 'critical',
      [`${id}:ttl`]: 'passing',
    });

    await behind.maintenance(id, false);
    await waitFor(async () => (await behind.passing(name)).length === 1);
  });
});

describe('an agent that denies everything by default', () => {
  it('is asked on with its own words in the events, and has the service once the token is good', async () => {
    const agent = await ownConsul({ acl: true });
    const { tokenWith } = aclsOf(agent);
    const name = freshName('acl');
    const readOnly = (await tokenWith('service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }'))
      .secret;
    const enough = (await tokenWith(`service "${name}" { policy = "write" } node_prefix "" { policy = "read" }`))
      .secret;
    const seen = (events: { error: Error }[], words: RegExp) => events.some(({ error }) => words.test(error.message));

    const nobody = registrarOn(agent.url, { name, id: `${name}-nobody` });
    void nobody.registrar.start();
    let token = '00000000-0000-4000-8000-000000000000';
    const { registrar, events } = registrarOn(agent.url, { name, id: name }, () => token);
    void registrar.start();

    await waitFor(() => seen(events.of('beatMissed'), /ACL not found/));
    expect(registrar.state).toBe('recovering');
    token = readOnly;
    await waitFor(() => seen(events.of('beatMissed'), /Permission denied.*service:write/), { timeoutMs: 20_000 });
    expect(registrar.state).toBe('recovering');
    token = enough;
    await events.next('registered', 20_000);
    const catalog = catalogOf(agent.url, agent.token);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    expect(events.of('beatMissed').every(({ error }) => error.code === 'ROLLCALL_REGISTRY_DENIED')).toBe(true);

    await waitFor(() => seen(nobody.events.of('beatMissed'), /Permission denied/));
    expect(nobody.registrar.state).toBe('recovering');
    expect(await catalog.entries(name)).toHaveLength(1);
  });

  it('has the service still when the token is taken away and given back', async () => {
    const agent = await ownConsul({ acl: true });
    const name = freshName('token-lost');
    let token = agent.token!;
    const { events } = await registeredOn(agent.url, { name, ...frequentBeats }, () => token);
    token = '00000000-0000-4000-8000-000000000000';
    expect((await events.next('lost', 20_000)).error).toMatchObject({
      code: 'ROLLCALL_REGISTRY_DENIED',
      message: expect.stringContaining('ACL not found') as string,
    });
    token = agent.token!;
    await events.next('recovered', 20_000);
    const catalog = catalogOf(agent.url, agent.token);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });
});
