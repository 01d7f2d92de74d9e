import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { catalogOf, cleanUp, freshName, later, ownConsul } from '../integration/fixtures/live.js';
import { ownRedis } from '../integration/fixtures/own-redis.js';
import { killForkedServices } from '../support/fork-service.js';
import type { RedisServer } from '../support/servers/redis-server.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { makeAuthority } from '../support/tls/certificates.js';
import type { Authority, Identity } from '../support/tls/certificates.js';
import { startTlsFront } from '../support/tls/tls-front.js';
import { waitFor } from '../support/wait-for.js';
import { endHost, runHost, startHost } from './fixtures/end-host.js';
import { OWN_EXIT_CODE } from './fixtures/exit-plan.js';
import type { ExitPlan, PlannedRegistry } from './fixtures/exit-plan.js';

const url = inject('consulUrl');
const agent: PlannedRegistry = { kind: 'consul', options: { endpoints: [url] } };
const redisCa = fileURLToPath(new URL('../support/tls/localhost.cert.pem', import.meta.url));

let authority: Authority;
let identity: Identity;
beforeAll(async () => {
  authority = await makeAuthority();
  identity = await authority.issue();
});
afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

/** The end of a host without us, and that of one with us. */
async function compare(plan: ExitPlan) {
  const { registry: _, ...without } = plan;
  const [bare, ours] = await Promise.all([runHost(without), runHost(plan)]);
  return { bare, ours };
}

describe.each([
  ['exits', OWN_EXIT_CODE],
  ['exits at SIGTERM', OWN_EXIT_CODE],
  ['exits a promise after SIGTERM', OWN_EXIT_CODE],
  ['throws', 1],
  ['rejects', 1],
  ['throws with an exit code', 1],
] as const)('a host that %s', (way, code) => {
  it('ends with the code and the output that it would have without us, and its entry is gone by then', async () => {
    const name = freshName('exit');
    const { bare, ours } = await compare({ registry: agent, name, way });
    expect(await catalogOf(url).entries(name)).toEqual([]);
    expect(bare.exit).toEqual({ code, signal: null });
    expect(ours).toEqual(bare);
  });
});

describe('an exit', () => {
  it('of a host with heartbeats from a worker thread leaves by that thread', async () => {
    const name = freshName('exit-worker');
    const ends = await runHost({ registry: agent, name, thread: 'worker', way: 'throws' });
    expect(await catalogOf(url).entries(name)).toEqual([]);
    expect(ends.exit.code).toBe(1);
  });

  it('right after a signal that stops the worker thread too leaves by the main thread', async () => {
    const name = freshName('exit-worker-signal');
    await runHost({ registry: agent, name, thread: 'worker', way: 'exits a promise after SIGTERM' });
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });

  it('that the host prevents is none, and it stays registered', async () => {
    const name = freshName('exit-caught');
    const service = await startHost({ registry: agent, name, way: 'caught' });
    service.send('end');
    await service.waitForMessage((message): message is string => message === 'caught: the order book is gone');
    expect(await catalogOf(url).passing(name)).toHaveLength(1);
  });

  it('that no event announces is as it is without us: an error in the listener of uncaught ones', async () => {
    const { bare, ours } = await compare({ registry: agent, name: freshName('exit-again'), way: 'fails again' });
    expect(bare.exit.code).toBe(7);
    expect(ours).toEqual(bare);
  });

  it('while the registration is under way leaves nothing', async () => {
    const plans = [0, 1, 3, 6].map((endsAfterRegisteringMs): ExitPlan => {
      return { registry: agent, name: freshName('exit-early'), way: 'exits', endsAfterRegisteringMs };
    });
    await Promise.all(plans.map((plan) => startHost(plan).catch(() => undefined)));
    for (const { name } of plans) expect(await catalogOf(url).entries(name)).toEqual([]);
  });

  it('leaves the entry to its TTL where it is told to', async () => {
    const formerName = { crash: false };
    const off: ExitPlan = { registry: agent, name: freshName('exit-off'), way: 'exits', shutdown: { onExit: false } };
    const old: ExitPlan = { registry: agent, name: freshName('exit-old'), way: 'exits', shutdown: formerName };
    await Promise.all([runHost(off), runHost(old)]);
    for (const { name } of [off, old]) expect(await catalogOf(url).entries(name)).toHaveLength(1);
  });

  it('with an agent that hangs is held up for a second at most, and has the same end', async () => {
    const hung = await ownConsul();
    const name = freshName('exit-hung');
    const plan: ExitPlan = {
      registry: { kind: 'consul', options: { endpoints: [hung.url] } },
      name,
      way: 'throws',
    };
    const [bare, host] = await Promise.all([runHost({ name, way: 'throws' }), startHost(plan)]);
    hung.pause();
    const at = performance.now();
    expect(await endHost(host, plan)).toEqual(bare);
    expect(performance.now() - at).toBeLessThan(10_000);
    hung.resume();
  });
});

describe('the policy of an exit', () => {
  it.each([
    ['maintenance', 'maintenance'],
    ['critical', 'critical'],
    ['leave', 'passing'],
  ] as const)('%s keeps the entry %s', async (policy, status) => {
    const name = freshName(`exit-${policy}`);
    await runHost({ registry: agent, name, way: 'exits', shutdown: { policy } });
    const entries = await catalogOf(url).entries(name);
    expect(entries).toHaveLength(1);
    const statuses = entries[0]!.Checks.filter(({ CheckID }) => CheckID !== 'serfHealth');
    expect(statuses.some(({ CheckID }) => CheckID.startsWith('_service_maintenance'))).toBe(status === 'maintenance');
    expect(statuses.find(({ CheckID }) => CheckID.endsWith(':ttl'))?.Status).toBe(
      status === 'critical' ? 'critical' : 'passing',
    );
    await catalogOf(url).deregister(name);
  });
});

/** A Redis client sends once a turn of its event loop: the host ends when it has nothing else under way. */
async function endQuietly(server: RedisServer, plan: ExitPlan) {
  const host = await startHost(plan);
  await waitFor(async () => / idle=[1-9]/.test(await server.cli('CLIENT', 'LIST')));
  await endHost(host, plan);
}

describe('an exit leaves', () => {
  it('an agent behind TLS', async () => {
    const front = await startTlsFront(url, identity);
    later(() => front.close());
    const options = { endpoints: [front.url], tls: { ca: authority.cert } };
    const name = freshName('exit-tls');
    await runHost({ registry: { kind: 'consul', options }, name, way: 'exits' });
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });

  it('the agent that holds the entry, when others are preferred', async () => {
    const gone: PlannedRegistry = { kind: 'consul', options: { endpoints: ['http://127.0.0.1:1'] } };
    const name = freshName('exit-fallback');
    await runHost({ registry: { kind: 'fallback', members: [gone, agent] }, name, way: 'exits' });
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });

  it.each(['deregister', 'critical', 'maintenance'] as const)('etcd, under policy %s', async (policy) => {
    const etcdUrl = inject('etcdUrl');
    const raw = rawEtcd(etcdUrl);
    const name = freshName('exit-etcd');
    const registry: PlannedRegistry = { kind: 'etcd', options: { endpoints: [etcdUrl] } };
    await runHost({ registry, name, way: 'exits', shutdown: { policy } });
    // What readers of `naming/endpoints` find.
    expect(await raw.under(`${name}/`)).toEqual([]);
    const records = await raw.under(`/rollcall/${name}/`);
    expect(records).toHaveLength(policy === 'deregister' ? 0 : 1);
    if (policy === 'critical') expect(records[0]!.value).toContain('"status":"critical"');
    if (policy === 'maintenance') expect(records[0]!.value).toContain('rollcall: stopped');
  });

  it.each([
    ['with a client of ours', undefined, undefined],
    ['with the host’s own ioredis', 'ioredis', undefined],
    ['with the host’s own @redis/client', 'node-redis', undefined],
    ['under policy critical', undefined, 'critical'],
  ] as const)('Redis, %s', async (_, client, policy) => {
    const server = await ownRedis();
    const name = freshName('exit-redis');
    const registry: PlannedRegistry = { kind: 'redis', options: { url: server.url }, ...(client && { client }) };
    await endQuietly(server, { registry, name, way: 'exits', ...(policy && { shutdown: { policy } }) });
    const entry = await server.cli('GET', `rollcall:{${name}}:${name}`);
    if (policy === undefined) expect(await server.cli('DBSIZE')).toBe('0\n');
    else expect(entry).toContain('"status":"critical"');
  });

  it('Redis over TLS', async () => {
    const server = await ownRedis({ tls: true });
    const options = { url: `rediss://localhost:${server.tlsPort}`, tls: { ca: redisCa } };
    await endQuietly(server, { registry: { kind: 'redis', options }, name: freshName('exit-rediss'), way: 'exits' });
    expect(await server.cli('DBSIZE')).toBe('0\n');
  });

  it('a directory', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-exit-'));
    later(() => rm(dir, { recursive: true }));
    const name = freshName('exit-file');
    await runHost({ registry: { kind: 'file', options: { dir } }, name, way: 'exits' });
    expect(await readdir(join(dir, name))).toEqual([]);
  });
});
