import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { RegistrarOptions, Registry } from 'rollcall';
import { builtRollcall } from '../support/built.js';
import { recordEvents } from '../support/record-events.js';
import { waitFor } from '../support/wait-for.js';
import {
  catalogOf,
  cleanUp,
  freshName,
  later,
  listeningServer,
  ownConsul,
  proxyBefore,
  quickStop,
} from './fixtures/live.js';
import { watchService } from './fixtures/watching.js';

const { Registrar, consul, fallback, file, memory } = builtRollcall();
const shared = inject('consulUrl');

/** Worker threads that this process has started in a test, and that have not ended. */
const workers = new Set<Worker>();
const noteWorker = (message: unknown) => {
  const { worker } = message as { worker: Worker };
  workers.add(worker);
  worker.on('exit', () => workers.delete(worker));
};
beforeEach(() => {
  subscribe('worker_threads', noteWorker);
});
afterEach(async () => {
  await cleanUp();
  unsubscribe('worker_threads', noteWorker);
});

/** So long that no beat falls into a test. */
const rareBeats = { ttl: '60s', heartbeat: { interval: '30s' } };

async function registered(url: string, options: RegistrarOptions, registry: Registry = consul({ endpoints: [url] })) {
  const heartbeat = { thread: 'worker' as const, ...options.heartbeat };
  const registrar = new Registrar({ registry, logger: false, shutdown: quickStop, ...options, heartbeat });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  const server = await listeningServer();
  void registrar.bind(server).start();
  const { instance } = await events.next('registered', 20_000);
  return { registrar, events, server, id: instance.id };
}

/** Moves whenever a check of the service changes its status. */
async function statusIndex(catalog: ReturnType<typeof catalogOf>, name: string): Promise<number[]> {
  const entries = (await catalog.raw.get(`/v1/health/service/${name}`)).json<{ Checks: { ModifyIndex: number }[] }[]>();
  return entries.flatMap(({ Checks }) => Checks.map(({ ModifyIndex }) => ModifyIndex));
}

function stallFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('heartbeats from the worker thread', () => {
  it('are a whole life: listed, lost and found, changed, out of traffic and back, and gone', async () => {
    const name = freshName('worker-life');
    const { registrar, events, id } = await registered(shared, { name, tags: ['v0'], ...rareBeats });
    const catalog = catalogOf(shared);
    expect(registrar.status()).toMatchObject({ thread: 'worker', state: 'registered', holder: 'consul' });
    expect(events.of('warning')).toEqual([]);
    await waitFor(async () => (await catalog.passing(name)).length === 1);

    await catalog.deregister(id);
    expect((await events.next('recovered')).cause).toBe('missing');
    await waitFor(async () => (await catalog.passing(name)).length === 1);

    const watching = watchService(catalogOf(shared), name);
    await watching.looks(2);
    await registrar.update({ tags: ['v1'], meta: { round: '1' } });
    await watching.looks(2);
    expect(await watching.stop()).toEqual(['passing']);
    expect(await catalog.entries(name)).toMatchObject([{ Service: { ID: id, Tags: ['v1'], Meta: { round: '1' } } }]);

    await registrar.maintenance(true, 'disks');
    expect((await catalog.checks(id))[`_service_maintenance:${id}`]).toBe('critical');
    await registrar.maintenance(false);
    await waitFor(async () => (await catalog.passing(name)).length === 1);

    registrar.report('kafka', 'critical');
    await waitFor(async () => (await catalog.passing(name)).length === 0);
    registrar.report('kafka', 'passing');
    await waitFor(async () => (await catalog.passing(name)).length === 1);

    await registrar.stop();
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    expect(await catalog.entries(name)).toEqual([]);
    await waitFor(() => workers.size === 0);
  });

  it('list a service again after its agent came back empty', async () => {
    const agent = await ownConsul();
    const name = freshName('worker-restart');
    const { events, registrar } = await registered(agent.url, { name });
    await agent.restart();
    await events.next('recovered', 20_000);
    await waitFor(async () => (await catalogOf(agent.url).passing(name)).length === 1);
    expect(registrar.state).toBe('registered');
  });

  it('go on while the event loop stalls for longer than the TTL, and no reader notices', async () => {
    const name = freshName('worker-stall');
    const { events } = await registered(shared, { name, ttl: '1s', heartbeat: { stallTolerance: '20s' } });
    const catalog = catalogOf(shared);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    const before = await statusIndex(catalog, name);
    stallFor(2_500);
    expect(await statusIndex(catalog, name)).toEqual(before);
    expect(await catalog.passing(name)).toHaveLength(1);
    expect(events.of('lost')).toEqual([]);
    expect(events.of('beat').every(({ status }) => status === 'passing')).toBe(true);
  });

  it('say critical when it stalls for longer than it may, and passing when it runs again', async () => {
    const name = freshName('worker-wedge');
    const { events } = await registered(shared, { name, ttl: '2s', heartbeat: { stallTolerance: '500ms' } });
    stallFor(1_500);
    expect((await events.next('warning')).message).toMatch(
      /the event loop was stalled for .*heartbeat\.stallTolerance \(500ms\)/,
    );
    expect(events.of('beat').map(({ status }) => status)).toContain('critical');
    await waitFor(async () => (await catalogOf(shared).passing(name)).length === 1);
  });

  it('of several Registrars come from one thread, which ends with the last of them', async () => {
    const first = await registered(shared, { name: freshName('worker-one') });
    const second = await registered(shared, { name: freshName('worker-two') });
    expect(workers.size).toBe(1);
    await first.registrar.stop();
    expect(second.registrar.status()).toMatchObject({ thread: 'worker', state: 'registered' });
    expect(workers.size).toBe(1);
    await second.registrar.stop();
    await waitFor(() => workers.size === 0);
  });

  it('go over to the main thread without a gap when the thread dies', async () => {
    const name = freshName('worker-death');
    const { registrar, events } = await registered(shared, { name, ttl: '2s' });
    const catalog = catalogOf(shared);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    const watching = watchService(catalog, name);
    await watching.looks(2);
    for (const worker of workers) void worker.terminate();
    expect((await events.next('warning')).message).toMatch(
      /the worker thread is gone .*: heartbeats come from the main thread now/,
    );
    const beats = events.of('beat').length;
    await waitFor(() => events.of('beat').length >= beats + 4);
    expect(registrar.status()).toMatchObject({ thread: 'main', state: 'registered' });
    expect(await watching.stop()).toEqual(['passing']);
    expect(events.of('registered')).toHaveLength(1);
    await registrar.stop();
    expect(await catalog.entries(name)).toEqual([]);
  });

  it('come from the main thread, after one warning, for a registry that cannot be built in another', async () => {
    const { registrar, events } = await registered(shared, { name: freshName('worker-memory') }, memory());
    expect(events.of('warning')).toEqual([
      { message: expect.stringMatching(/^memory cannot be taken into a worker thread/) as string },
    ]);
    expect(registrar.status().thread).toBe('main');
    expect(workers.size).toBe(0);
  });

  it('ask the main thread for a token that a function gives, and follow it', async () => {
    const proxy = await proxyBefore(shared);
    const tokens = new Set<unknown>();
    await proxy.intercept(({ path, headers }) => {
      if (path.includes('/check/update/')) tokens.add(headers['x-consul-token']);
      return undefined;
    });
    let token = 'first-token';
    const name = freshName('worker-token');
    const { events } = await registered(
      proxy.url,
      { name, ttl: '1s' },
      consul({ endpoints: [proxy.url], token: () => token }),
    );
    expect([...tokens]).toEqual(['first-token']);
    token = 'second-token';
    await waitFor(() => tokens.has('second-token'));
    expect(events.of('beatMissed')).toEqual([]);
  });

  it('keep a chain of registries, and a stop leaves every one of them', async () => {
    const proxy = await proxyBefore(shared);
    const name = freshName('worker-chain');
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-worker-'));
    later(() => rm(dir, { recursive: true }));
    const chain = fallback([consul({ endpoints: [proxy.url] }), file({ dir })], { patience: '1s' });
    const { registrar, events } = await registered(proxy.url, { name, ttl: '2s' }, chain);
    expect(registrar.status()).toMatchObject({
      thread: 'worker',
      holder: 'consul',
      level: 0,
      members: [{ name: 'consul' }, { name: 'file' }],
    });
    await proxy.intercept(() => ({ status: 500, body: 'no leader' }));
    await events.next('fellBack', 20_000);
    expect(registrar.status()).toMatchObject({ holder: 'file', level: 1, state: 'recovering' });
    await proxy.intercept(() => undefined);
    await events.next('failedBack', 20_000);
    await registrar.stop();
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    expect(await catalogOf(shared).entries(name)).toEqual([]);
  });

  it('never hold the process: it ends by itself, deregistered', async () => {
    const name = freshName('worker-exit');
    const code = `
      import { Registrar, consul } from 'rollcall';
      const registrar = new Registrar({ name: '${name}', port: 1, registry: consul({ endpoints: ['${shared}'] }), logger: false, heartbeat: { thread: 'worker' }, shutdown: { drain: { min: 0, quiet: 0 } } });
      await registrar.start();
      console.log(registrar.status().thread);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
      timeout: 15_000,
      killSignal: 'SIGKILL',
    });
    expect(stdout.trim()).toBe('worker');
    await waitFor(async () => (await catalogOf(shared).entries(name)).length === 0);
  });
});
