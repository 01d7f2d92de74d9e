import { fileURLToPath } from 'node:url';
import { createClient } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { redis } from 'rollcall';
import { asError } from '../../src/core/errors.js';
import { startFaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import { builtRollcall } from '../support/built.js';
import { recordEvents } from '../support/record-events.js';
import { MASTER_NAME, startRedisSentinels } from '../support/servers/redis-server.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later, quickStop } from './fixtures/live.js';
import { none, ownRedis, passing, redisOn, registrarIn, sampleOf } from './fixtures/own-redis.js';

afterEach(cleanUp);

const ca = fileURLToPath(new URL('../support/tls/localhost.cert.pem', import.meta.url));
const denied = { code: 'ROLLCALL_REGISTRY_DENIED', registry: 'redis' };
const unavailable = { code: 'ROLLCALL_REGISTRY_UNAVAILABLE', registry: 'redis', retryable: true };

describe('what redis-cli shows', () => {
  it('is one key an instance, whose life is its lease, and one set of ids a service', async () => {
    const server = await ownRedis();
    const registry = redisOn({ url: server.url });
    const instance = sampleOf('orders');
    const registration = await registry.register(instance, passing, none);
    await registration.renew(passing, none);
    expect((await server.cli('--scan')).trim().split('\n').sort()).toEqual([
      'rollcall:{orders}',
      `rollcall:{orders}:${instance.id}`,
    ]);
    expect(await server.cli('SMEMBERS', 'rollcall:{orders}')).toBe(`${instance.id}\n`);
    const { checks: _, ...shown } = instance;
    expect(JSON.parse(await server.cli('GET', `rollcall:{orders}:${instance.id}`))).toMatchObject({
      status: 'passing',
      instance: shown,
      beat: passing,
    });
    for (const key of ['rollcall:{orders}', `rollcall:{orders}:${instance.id}`]) {
      const lease = Number(await server.cli('PTTL', key));
      expect(lease).toBeGreaterThan(5_000);
      expect(lease).toBeLessThanOrEqual(10_000);
    }
    await registration.deregister(none);
    expect(await server.cli('DBSIZE')).toBe('0\n');
  });

  it('is a set that is rid of ids without an entry by whoever reads the service, and that ends with the last of them', async () => {
    const server = await ownRedis();
    const registry = redisOn({ url: server.url });
    const [dead, alive] = [
      { ...sampleOf('orders'), ttlMs: 50 },
      { ...sampleOf('orders'), ttlMs: 4_000 },
    ];
    for (const instance of [alive, dead]) await registry.register(instance, passing, none);
    await waitFor(async () => (await server.cli('EXISTS', `rollcall:{orders}:${dead.id}`)) === '0\n');
    expect((await server.cli('SMEMBERS', 'rollcall:{orders}')).split('\n')).toContain(dead.id);
    const { instances } = (await registry.discovery?.poll('orders', undefined, none))!;
    expect(instances.map(({ id }) => id)).toEqual([alive.id]);
    expect(await server.cli('SMEMBERS', 'rollcall:{orders}')).toBe(`${alive.id}\n`);
    await waitFor(async () => (await server.cli('DBSIZE')) === '0\n');
  });
});

describe('a Redis that asks who we are', () => {
  it('is spoken to over TLS, as the user and in the database that the URL names', async () => {
    const server = await ownRedis({ password: 'p@ss/word', tls: true });
    const registry = redisOn({
      url: `rediss://default:${encodeURIComponent('p@ss/word')}@127.0.0.1:${server.tlsPort}/3`,
      tls: { ca, serverName: 'localhost' },
    });
    const instance = sampleOf('secured');
    await (await registry.register(instance, passing, none)).renew(passing, none);
    expect(await server.cli('-n', '3', 'EXISTS', `rollcall:{secured}:${instance.id}`)).toBe('1\n');
    await expect(
      redisOn({ url: `rediss://:x@127.0.0.1:${server.tlsPort}`, tls: { serverName: 'localhost' } }).read(
        instance,
        none,
      ),
    ).rejects.toMatchObject(unavailable);
  });

  it('refuses a wrong password, which no error shows, and takes the right one later', async () => {
    const server = await ownRedis({ password: 'right' });
    const instance = sampleOf('refused');
    const error = await redisOn({ url: `redis://:hunter2@127.0.0.1:${server.port}` })
      .read(instance, none)
      .then(() => undefined, asError);
    expect(error).toMatchObject(denied);
    expect(String(error?.stack)).not.toContain('hunter2');
    await expect(redisOn({ url: server.url }).read(instance, none)).rejects.toMatchObject(denied);
    const registry = redisOn({ url: server.url, password: 'later' });
    await expect(registry.read(instance, none)).rejects.toMatchObject(denied);
    await server.cli('CONFIG', 'SET', 'requirepass', 'later');
    expect(await registry.read(instance, none)).toBeUndefined();
  });

  it('needs to grant no more than what the error names', async () => {
    const server = await ownRedis();
    const grants = [
      '+get',
      '+mget',
      '+set',
      '+del',
      '+exists',
      '+pttl',
      '+pexpire',
      '+sadd',
      '+srem',
      '+sscan',
      '+eval',
    ];
    await server.cli('ACL', 'SETUSER', 'orders', 'on', '>secret', '~rollcall:*', ...grants);
    await server.cli('ACL', 'SETUSER', 'reader', 'on', '>secret', '~rollcall:*', '+get', '+mget', '+sscan');
    const registry = redisOn({ url: server.url, username: 'orders', password: 'secret' });
    const reader = redisOn({ url: server.url, username: 'reader', password: 'secret' });
    const [instance, dead] = [sampleOf('granted'), { ...sampleOf('granted'), ttlMs: 1 }];
    const registration = await registry.register(instance, passing, none);
    await registry.register(dead, passing, none);
    await registration.renew(passing, none);
    await waitFor(async () => (await server.cli('EXISTS', `rollcall:{granted}:${dead.id}`)) === '0\n');
    expect((await reader.discovery?.poll('granted', undefined, none))?.instances).toMatchObject([
      { id: instance.id, status: 'passing' },
    ]);
    const refusal = await reader.register(instance, passing, none).then(() => undefined, asError);
    expect(refusal).toMatchObject(denied);
    for (const grant of grants) expect(refusal?.message).toContain(grant.slice(1).toUpperCase());
    await registration.deregister(none);
    expect(await registry.read(instance, none)).toBeUndefined();
  });
});

describe('a Redis that hangs', () => {
  it('keeps no verb longer than its signal allows, and nothing that was given up is done later', async () => {
    const server = await ownRedis();
    const registry = redisOn({ url: server.url });
    const instance = sampleOf('hung');
    const registration = await registry.register(instance, passing, none);
    await registration.renew(passing, none);
    server.pause();
    const reason = new Error('took too long');
    const givenUp = [
      (signal: AbortSignal) => registration.renew({ status: 'critical', reason: 'late' }, signal),
      (signal: AbortSignal) => registry.read(instance, signal),
    ].map(async (verb) => {
      const controller = new AbortController();
      const verdict = verb(controller.signal).catch((error: unknown) => error);
      setTimeout(() => controller.abort(reason), 100);
      expect(await verdict).toBe(reason);
    });
    await Promise.all(givenUp);
    const deregistering = registration.deregister(none);
    server.resume();
    await deregistering;
    // The heartbeat was on the wire: whenever it arrives, it finds another entry than the one it was for.
    await expect(registration.renew(passing, none)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
    expect(await registry.read(instance, none)).toBeUndefined();
    expect(await server.cli('DBSIZE')).toBe('0\n');
  });

  it('has a new connection made for the next verb, and the old one closed', async () => {
    const server = await ownRedis();
    const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: server.port } });
    later(() => proxy.close());
    const registry = redisOn({ url: `redis://127.0.0.1:${proxy.port}` });
    const instance = sampleOf('dropped');
    await registry.read(instance, none);
    server.pause();
    const controller = new AbortController();
    const hung = registry.read(instance, controller.signal);
    setTimeout(() => controller.abort(), 50);
    await expect(hung).rejects.toThrow();
    server.resume();
    await registry.read(instance, none);
    const clients = async () =>
      (await server.cli('CLIENT', 'LIST')).split('\n').filter((line) => line.includes('cmd=eval')).length;
    await waitFor(async () => (await clients()) === 1);
  });
});

describe('a Redis that goes away', () => {
  it('makes verbs fail in a way that can be tried again, crashes nobody, and serves again by itself', async () => {
    const server = await ownRedis();
    const registry = redisOn({ url: server.url });
    const instance = sampleOf('away');
    await registry.register(instance, passing, none);
    await server.kill();
    await expect(registry.read(instance, none)).rejects.toMatchObject(unavailable);
    await expect(registry.read(instance, none)).rejects.toMatchObject({
      message: expect.stringMatching(/ECONNREFUSED.*REDIS_URL/),
    });
    await server.restart();
    expect(await registry.read(instance, none)).toBeUndefined();
  });

  it('has the instance listed again after a restart that lost everything', async () => {
    const server = await ownRedis();
    const name = freshName('emptied');
    const registry = redis({ url: server.url });
    const { registrar, events } = registrarIn({
      name,
      registry,
      port: 4000,
      address: '10.0.0.7',
      ttl: '3s',
      heartbeat: { interval: '500ms' },
    });
    await registrar.start();
    await server.restart();
    expect(await events.next('lost')).toMatchObject({ cause: 'missing' });
    await events.next('recovered');
    expect((await registry.discovery?.poll(name, undefined, none))?.instances).toMatchObject([{ status: 'passing' }]);
    await registrar.stop();
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    expect(await server.cli('DBSIZE')).toBe('0\n');
  });
});

it('is beaten from a worker thread as well', async () => {
  const server = await ownRedis({ password: 'secret' });
  const rollcall = builtRollcall();
  const registry = rollcall.redis({ url: server.url, password: 'secret' });
  const registrar = new rollcall.Registrar({
    name: freshName('worker'),
    registry,
    port: 4000,
    address: '10.0.0.7',
    ttl: '3s',
    heartbeat: { interval: '500ms', thread: 'worker' },
    logger: false,
    shutdown: quickStop,
  });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  await registrar.start();
  expect(registrar.status()).toMatchObject({ thread: 'worker', holder: 'redis', state: 'registered' });
  await server.restart();
  expect(await events.next('recovered')).toMatchObject({ cause: 'missing', holder: 'redis' });
  await registrar.stop();
  expect(await server.cli('DBSIZE')).toBe('0\n');
});

describe('the client of the host', () => {
  it('is not closed with the registry, and what it has queued while offline is taken back with the signal', async () => {
    const server = await ownRedis();
    const client = createClient({ url: server.url, socket: { reconnectStrategy: 50 } });
    client.on('error', () => undefined);
    later(() => client.destroy());
    await client.connect();
    const registry = redis({ client });
    const instance = sampleOf('queued');
    await server.kill();
    const controller = new AbortController();
    const queued = registry.register(instance, passing, controller.signal);
    setTimeout(() => controller.abort(new Error('over')), 100);
    await expect(queued).rejects.toThrow('over');
    await server.restart();
    await waitFor(() => client.isReady);
    expect(await client.dbSize()).toBe(0);
    await registry.close();
    await expect(registry.read(instance, none)).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
    expect(await client.ping()).toBe('PONG');
  });

  it('may prefix its keys', async () => {
    const server = await ownRedis();
    const client = new Redis(server.port, '127.0.0.1', { keyPrefix: 'staging:' });
    later(() => client.disconnect());
    const registry = redis({ client });
    const instance = sampleOf('orders');
    await registry.register(instance, passing, none);
    expect((await registry.discovery?.poll('orders', undefined, none))?.instances).toHaveLength(1);
    expect(await server.cli('EXISTS', `staging:rollcall:{orders}:${instance.id}`)).toBe('1\n');
  });
});

describe('a Redis Cluster', () => {
  it('is served by a client of the host, since what belongs to a service is in one slot', async () => {
    const server = await ownRedis({ cluster: true });
    await server.takeAllSlots();
    await waitFor(async () => (await server.cli('CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const client = new Cluster([{ host: '127.0.0.1', port: server.port }]);
    later(() => client.disconnect());
    const registry = redis({ client });
    for (const service of ['orders', 'a}b{c', '{}']) {
      const instance = sampleOf(service);
      const registration = await registry.register(instance, passing, none);
      await registration.renew(passing, none);
      expect((await registry.discovery?.poll(service, undefined, none))?.instances).toMatchObject([
        { id: instance.id, status: 'passing' },
      ]);
      await registration.deregister(none);
      expect(await registry.read(instance, none)).toBeUndefined();
    }
  });
});

describe('an entry that is not as it was last written', () => {
  it('is written anew by the next heartbeat, but for the maintenance that somebody has put it into', async () => {
    const server = await ownRedis();
    const registry = redisOn({ url: server.url });
    const instance = sampleOf('stale');
    const key = `rollcall:{stale}:${instance.id}`;
    await registry.register(instance, passing, none);
    const old = (await server.cli('GET', key)).trim();
    const registration = await registry.register({ ...instance, tags: ['v2'] }, passing, none);
    await registration.renew(passing, none);
    // As a replica has it that was behind when it became the master.
    await server.cli('SET', key, old, 'PX', '10000');
    await registration.renew(passing, none);
    expect(await registry.read(instance, none)).toMatchObject({ status: 'passing', instance: { tags: ['v2'] } });
    await registry.maintain?.(instance, 'new disks', none);
    await registration.renew(passing, none);
    expect(await registry.read(instance, none)).toMatchObject({ status: 'maintenance', instance: { tags: ['v2'] } });
  });
});

describe('Redis behind Sentinels', () => {
  it('has the instance listed again by the new master when the old one is killed', async () => {
    const group = await startRedisSentinels();
    later(() => group.stop());
    const name = freshName('sentinel');
    const registry = redis({
      sentinels: group.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
      name: MASTER_NAME,
    });
    const { registrar, events } = registrarIn({
      name,
      registry,
      port: 4000,
      address: '10.0.0.7',
      ttl: '10s',
      heartbeat: { interval: '500ms' },
    });
    await registrar.start();
    const old = await group.master();
    await old.kill();
    await events.next('beatMissed');
    const beats = events.of('beat').length;
    await waitFor(() => events.of('beat').length > beats, { timeoutMs: 20_000 });
    // The Sentinel that this helper asks may learn of the failover after the one that the Registrar asked.
    await waitFor(async () => (await group.master()).port !== old.port, { timeoutMs: 20_000 });
    const master = await group.master();
    expect(await master.cli('GET', `rollcall:{${name}}:${registrar.instance?.id}`)).toContain('"status":"passing"');
    await registrar.stop();
    expect(await master.cli('DBSIZE')).toBe('0\n');
  });

  it('asks those Sentinels that answer, and says what the others said', async () => {
    const group = await startRedisSentinels();
    later(() => group.stop());
    const [first, second, third] = group.sentinels.map(({ port }) => `127.0.0.1:${port}`);
    group.sentinels[0]?.pause();
    await group.sentinels[1]?.kill();
    const instance = sampleOf('asked');
    expect(
      await redisOn({ sentinels: [first!, second!, third!], name: MASTER_NAME }).read(instance, none),
    ).toBeUndefined();
    await expect(redisOn({ sentinels: [second!, third!], name: 'nobody' }).read(instance, none)).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringMatching(/nobody.*ECONNREFUSED.*knows no master/),
    });
    group.sentinels[0]?.resume();
    for (const sentinel of [group.sentinels[0], group.sentinels[2]]) await sentinel?.requirePassword('secret');
    await expect(
      redisOn({ sentinels: [first!, third!], name: MASTER_NAME }).read(instance, none),
    ).rejects.toMatchObject(denied);
    expect(
      await redisOn({ sentinels: [first!, third!], name: MASTER_NAME, sentinelPassword: 'secret' }).read(
        instance,
        none,
      ),
    ).toBeUndefined();
  });
});
