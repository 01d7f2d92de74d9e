import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RedisOptions } from 'rollcall';
import { asError } from '../../src/core/errors.js';
import { startRedis } from '../support/servers/redis-server.js';
import type { RedisServer } from '../support/servers/redis-server.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from '../integration/fixtures/live.js';
import { none, passing, redisOn, registrarIn, sampleOf } from '../integration/fixtures/own-redis.js';

/** The failover has been: the old master follows the new one. */
let old: RedisServer;
let master: RedisServer;
beforeAll(async () => {
  [old, master] = await Promise.all([startRedis(), startRedis()]);
  await old.cli('REPLICAOF', '127.0.0.1', String(master.port));
});
afterAll(() => Promise.all([old.stop(), master.stop()]));
afterEach(async () => {
  await cleanUp();
  await master.cli('FLUSHALL');
});

interface FakeSentinel {
  readonly at: string;
  /** How often it was asked. */
  readonly asked: () => number;
  /** What it answers from now on. */
  answer(host: string, port: number | string): void;
}

/** A Sentinel that sees the master at `port`; `afterMs`: how far away it is. */
async function fakeSentinel(port: number | string, afterMs = 0): Promise<FakeSentinel> {
  let asked = 0;
  let seen = ['127.0.0.1', String(port)];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    later(() => socket.destroy());
    socket.on('data', (data) => {
      if (!data.includes('SENTINEL')) return;
      asked += 1;
      const words = seen.map((word) => `$${word.length}\r\n${word}\r\n`).join('');
      setTimeout(() => socket.write(`*2\r\n${words}`), afterMs);
    });
  });
  later(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    at: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    answer: (host, next) => {
      seen = [host, String(next)];
    },
  };
}

const through = (sentinels: readonly FakeSentinel[], more: RedisOptions = {}) =>
  redisOn({ sentinels: sentinels.map(({ at }) => at), name: 'main', ...more });
const keysOf = (server: RedisServer) => server.cli('DBSIZE');
const killClients = (server: RedisServer) => server.cli('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
const errorOf = (verb: Promise<unknown>) => verb.then(() => undefined, asError);

describe('a Sentinel that is nearest and stuck on the old master', () => {
  async function stuckOn(port: number | string) {
    const stuck = await fakeSentinel(port);
    return { stuck, all: [stuck, await fakeSentinel(master.port, 150), await fakeSentinel(master.port, 150)] };
  }

  it('is no reason to write to a replica', async () => {
    const { all } = await stuckOn(old.port);
    const { registrar, events } = registrarIn({
      name: freshName('stuck'),
      registry: through(all),
      port: 4000,
      address: '10.0.0.7',
      ttl: '3s',
    });
    await registrar.start();
    expect(events.of('beatMissed')).toEqual([]);
    expect(await keysOf(master)).toBe('2\n');
  });

  it('is no reason to wait for a server that is gone, or hangs', async () => {
    const gone = await stuckOn(1);
    await through(gone.all).register(sampleOf('gone'), passing, none);
    const hung = await startRedis();
    later(() => hung.stop());
    hung.pause();
    const hanging = await stuckOn(hung.port);
    await through(hanging.all).register(sampleOf('hung'), passing, none);
    expect(await keysOf(master)).toBe('4\n');
  });

  it('is asked last from then on, and first no longer', async () => {
    const { stuck, all } = await stuckOn(old.port);
    const registry = through(all);
    await registry.register(sampleOf('last'), passing, none);
    expect(stuck.asked()).toBe(1);
    await killClients(master);
    await waitFor(() => registry.read(sampleOf('last'), none).then(() => true));
    expect(stuck.asked()).toBe(1);
  });

  it('is asked again when the others lead nowhere', async () => {
    const { stuck, all } = await stuckOn(old.port);
    const registry = through(all);
    await registry.register(sampleOf('again'), passing, none);
    stuck.answer('127.0.0.1', master.port);
    for (const each of all.slice(1)) each.answer('127.0.0.1', 1);
    await killClients(master);
    await waitFor(() => registry.read(sampleOf('again'), none).then(() => true));
    expect(stuck.asked()).toBe(2);
  });

  it('is passed over after a refused write, where the user may not ask a server for its role', async () => {
    for (const server of [old, master])
      await server.cli('ACL', 'SETUSER', 'app', 'on', '>secret', '~rollcall:*', '+@all', '-role');
    const { all } = await stuckOn(old.port);
    const registry = through(all, { username: 'app', password: 'secret' });
    expect(await errorOf(registry.register(sampleOf('role'), passing, none))).toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('READONLY'),
    });
    await registry.register(sampleOf('role'), passing, none);
    expect(await keysOf(master)).toBe('2\n');
  });
});

describe('Sentinels that all lead nowhere', () => {
  it('are named with what they lead to, and followed when they know better', async () => {
    const all = [await fakeSentinel(old.port), await fakeSentinel('6379\u001b[31m')];
    const registry = through(all);
    for (let tries = 0; tries < 3; tries += 1)
      expect(await errorOf(registry.register(sampleOf('nowhere'), passing, none))).toMatchObject({
        code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
        message: expect.stringMatching(
          new RegExp(`127.0.0.1:${old.port}, .* is a slave.*its answer is no address.*sentinels, name`),
        ),
      });
    all[0]?.answer('127.0.0.1', master.port);
    await registry.register(sampleOf('nowhere'), passing, none);
  });

  it('may hang, which keeps the others from being asked for one try at most', async () => {
    const [stuck, hung] = [await fakeSentinel(old.port), await fakeSentinel(master.port, 3_600_000)];
    const registry = through([stuck, hung]);
    const impatient = () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error('took too long')), 200);
      return controller.signal;
    };
    const instance = sampleOf('hung');
    expect(await errorOf(registry.read(instance, impatient()))).toMatchObject({ message: 'took too long' });
    stuck.answer('127.0.0.1', master.port);
    expect(await waitFor(() => registry.read(instance, impatient()).then(() => 'served'))).toBe('served');
  });
});
