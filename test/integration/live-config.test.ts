import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configFile, consulKv } from 'rollcall';
import type { ConfigSource } from 'rollcall';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { rawConsul } from '../support/servers/raw-consul.js';
import type { RawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import type { Catalog, CatalogEntry } from './fixtures/catalog.js';
import { catalogOf, cleanUp, freshName, later, ownConsul, proxyBefore, registeredOn } from './fixtures/live.js';
import { watchService } from './fixtures/watching.js';

const shared = inject('consulUrl');
/** So long that no beat carries a change: it travels by itself. */
const rareBeats = { ttl: '60s', heartbeat: { interval: '30s' } };

afterEach(cleanUp);

function kvOf(url: string): (key: string, value: string | object) => Promise<void> {
  const raw = rawConsul(url);
  later(() => {
    raw.close();
  });
  // By a transaction, because the client of these tests sends every body as JSON.
  return async (key, value) => {
    const operations = [
      {
        KV: {
          Verb: 'set',
          Key: key,
          Value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64'),
        },
      },
    ];
    const { status, body } = await raw.put('/v1/txn', operations);
    if (status !== 200) throw new Error(`HTTP ${status}: ${body}`);
  };
}

/** A reader who hangs on blocking queries and keeps every answer, with its time. */
function blockingReader(
  url: string,
  name: string,
): { readonly answers: { at: number; entries: CatalogEntry[] }[]; stop(): Promise<void> } {
  const raw: RawConsul = rawConsul(url, { timeoutMs: 30_000 });
  const answers: { at: number; entries: CatalogEntry[] }[] = [];
  let stopped = false;
  const reading = (async () => {
    let index = '1';
    while (!stopped) {
      const answer = await raw.get(`/v1/health/service/${name}?index=${index}&wait=500ms`);
      index = String(answer.headers['x-consul-index']);
      answers.push({ at: performance.now(), entries: answer.json<CatalogEntry[]>() });
    }
  })();
  return {
    answers,
    async stop() {
      stopped = true;
      await reading;
      raw.close();
    },
  };
}

/** Makes ten changes and holds each against the promise: in the catalog within a second, and nobody ever sees the service anything but passing. */
async function followsTenChanges(
  name: string,
  catalog: Catalog,
  change: (color: string) => Promise<void>,
): Promise<void> {
  const polled = watchService(catalog, name);
  const blocked = blockingReader(shared, name);
  await polled.looks(3);
  for (let round = 1; round <= 10; round += 1) {
    const color = `color-${round}`;
    const changedAt = performance.now();
    await change(color);
    await waitFor(async () => (await catalog.passing(name)).some(({ Service }) => Service.Meta['color'] === color), {
      everyMs: 5,
    });
    expect(performance.now() - changedAt).toBeLessThan(1_000);
  }
  await blocked.stop();
  expect(await polled.stop()).toEqual(['passing']);
  expect(blocked.answers.length).toBeGreaterThanOrEqual(10);
  const checks = blocked.answers.flatMap(({ entries }) => entries.flatMap(({ Checks }) => Checks));
  expect(checks.filter(({ Status }) => Status !== 'passing')).toEqual([]);
  expect(blocked.answers.every(({ entries }) => entries.length === 1)).toBe(true);
}

async function follower(config: ConfigSource, url = shared) {
  const name = freshName('live');
  const life = await registeredOn(url, { name, tags: ['from-options'], meta: { zone: 'eu' }, config, ...rareBeats });
  return { name, ...life };
}

const labelsOf = async (catalog: Catalog, name: string) => {
  const [entry] = await catalog.entries(name);
  const { rollcall_nonce: _ours, scheme: _scheme, ...meta } = entry?.Service.Meta ?? {};
  return { tags: entry?.Service.Tags, meta, weights: entry?.Service.Weights };
};

describe('a Consul KV prefix', () => {
  it('has every change in the catalog within a second, without a critical sample between', async () => {
    const key = `config/${freshName('kv')}`;
    const set = kvOf(shared);
    await set(`${key}/meta/color`, 'none');
    const { name } = await follower(consulKv(key, { endpoints: [shared] }));
    await followsTenChanges(name, catalogOf(shared), (color) => set(`${key}/meta/color`, color));
  });

  it('gives tags, meta and weights, or one JSON value; what it does not say is as the options have it', async () => {
    const key = `config/${freshName('kv')}`;
    const set = kvOf(shared);
    const catalog = catalogOf(shared);
    const { name, events } = await follower(consulKv(key, { endpoints: [shared] }));
    expect(await events.next('configRejected')).toMatchObject({ source: `Consul KV ${key}`, cause: 'empty' });
    await set(key, { tags: ['one', 'value'], weights: { passing: 7, warning: 2 } });
    await events.next('updated');
    expect(await labelsOf(catalog, name)).toEqual({
      tags: ['one', 'value'],
      meta: { zone: 'eu' },
      weights: { Passing: 7, Warning: 2 },
    });
    await set(key, '{ "tags": [');
    expect(await events.next('configRejected')).toMatchObject({
      cause: 'invalid',
      problem: expect.stringContaining('not valid JSON') as string,
    });
    await set(key, '');
    for (const [path, text] of [
      ['tags', 'a, b'],
      ['meta/color', 'blue'],
      ['weights/passing', '3'],
      ['weights/warning', '1'],
    ] as const)
      await set(`${key}/${path}`, text);
    await waitFor(async () => (await labelsOf(catalog, name)).weights?.Passing === 3);
    expect(await labelsOf(catalog, name)).toEqual({
      tags: ['a', 'b'],
      meta: { zone: 'eu', color: 'blue' },
      weights: { Passing: 3, Warning: 1 },
    });
    expect(await catalog.passing(name)).toHaveLength(1);
  });

  it('keeps its last good values over an agent that comes back empty, and is followed again', async () => {
    const agent = await ownConsul();
    const set = kvOf(agent.url);
    await set('config/orders/tags', 'first');
    const proxy = await proxyBefore(agent.url);
    const { name, events } = await follower(consulKv('config/orders', { endpoints: [proxy.url] }), agent.url);
    const catalog = catalogOf(agent.url);
    expect((await labelsOf(catalog, name)).tags).toEqual(['first']);
    // Held polls have a connection of their own. One that began after the restart would be held until its wait is over.
    await waitFor(() => proxy.connectionsTotal === 2);
    await agent.restart();
    await events.next('recovered', 20_000);
    await waitFor(async () => (await labelsOf(catalog, name)).tags?.join() === 'first');
    await waitFor(() => events.of('configRejected').some(({ cause }) => cause === 'empty'));
    await set('config/orders/tags', 'second');
    await waitFor(async () => (await labelsOf(catalog, name)).tags?.join() === 'second');
    expect(events.of('configRejected').map(({ cause }) => cause)).not.toContain('invalid');
  });

  it('does not hold up the start or the registration when it hangs, and a stop leaves it at once', async () => {
    const proxy = await proxyBefore(shared);
    await proxy.stall();
    const startedAt = performance.now();
    const { registrar } = await follower(consulKv('config/orders', { endpoints: [proxy.url] }));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    const stoppedAt = performance.now();
    await registrar.leave();
    expect(performance.now() - stoppedAt).toBeLessThan(500);
    // It passes on that a client has left only when it passes on anything.
    await proxy.pass();
    await waitFor(() => proxy.connections === 0);
  });

  it('says which right its token lacks', async () => {
    const agent = await ownConsul({ acl: true });
    const source = consulKv('config/orders', { endpoints: [agent.url], token: '00000000-0000-4000-8000-000000000000' });
    later(() => source.close());
    await expect(source.poll(undefined, new AbortController().signal)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_DENIED',
      message: expect.stringMatching(/ACL not found.*consulKv\(key, \{ token \}\)/) as string,
    });
  });
});

describe('a rendered file', () => {
  async function renderedFile() {
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-live-'));
    later(() => rm(dir, { recursive: true, force: true }));
    const path = join(dir, 'live.json');
    const render = async (values: object) => {
      await writeFile(`${path}.new`, JSON.stringify(values));
      await rename(`${path}.new`, path);
    };
    return { path, render };
  }

  it('has every change in the catalog within a second, without a critical sample between', async () => {
    const { path, render } = await renderedFile();
    await render({ meta: { color: 'none' } });
    const { name } = await follower(configFile(path));
    await followsTenChanges(name, catalogOf(shared), (color) => render({ meta: { color } }));
  });

  it('is waited for until it is there, and kept when it goes', async () => {
    const { path, render } = await renderedFile();
    const catalog = catalogOf(shared);
    const following = follower(configFile(path));
    await render({ tags: ['there'] });
    const { name, events } = await following;
    expect(await labelsOf(catalog, name)).toMatchObject({ tags: ['there'], meta: { zone: 'eu' } });
    await rm(path);
    expect(await events.next('configRejected')).toMatchObject({ source: path, cause: 'empty' });
    expect(await labelsOf(catalog, name)).toMatchObject({ tags: ['there'], meta: { zone: 'eu' } });
  });
});
