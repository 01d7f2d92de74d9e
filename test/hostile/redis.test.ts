import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { HealthReport, RedisOptions, Registry, ServiceInstance } from 'rollcall';
import type { DepartureRequest } from '../../src/contracts/departure.js';
import { asError } from '../../src/core/errors.js';
import { startRedis } from '../support/servers/redis-server.js';
import type { RedisServer } from '../support/servers/redis-server.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from '../integration/fixtures/live.js';
import { none, ownRedis, passing, redisOn, registrarIn, sampleOf } from '../integration/fixtures/own-redis.js';

/** What differs between versions. */
const words = inject('redisFacts');

/** One server for all that can be undone. */
let shared: RedisServer;
/** Masters of a cluster serve 2 s after their start at the earliest. */
let nodes: readonly [RedisServer, RedisServer];
let admin: Redis;
beforeAll(async () => {
  const node = { cluster: true, config: ['cluster-node-timeout 500'] };
  const servers = [startRedis(), startRedis(node), startRedis(node)] as const;
  const [one, ...others] = await Promise.all(servers);
  [shared, nodes, admin] = [one, others, new Redis(one.url)];
});
afterAll(async () => {
  admin.disconnect();
  await Promise.all([shared, ...nodes].map((server) => server.stop()));
});

afterEach(async () => {
  await cleanUp();
  await admin.call('REPLICAOF', 'NO', 'ONE');
  await shared.configure(usual);
  await admin.call('FLUSHALL');
});

/** Settings that tests change. */
const usual = { maxclients: '100', maxmemory: '0', 'min-replicas-to-write': '0' };

const critical = { status: 'critical', reason: 'db failed' } as const;
const warning = { status: 'warning', reason: 'db is slow' } as const;
const rights = '+get +mget +set +del +exists +pttl +pexpire +sadd +srem +sscan +eval'.split(' ');

/** A fault of a real server, how it ends, and what a verb says meanwhile. */
interface Fault {
  readonly begin: (server: RedisServer) => Promise<unknown>;
  readonly end: (server: RedisServer) => Promise<unknown>;
  readonly code: string;
  readonly message: RegExp;
}

const unavailable = 'ROLLCALL_REGISTRY_UNAVAILABLE';
const denied = 'ROLLCALL_REGISTRY_DENIED';
const setting = (name: string, value: string) => (server: RedisServer) => server.configure({ [name]: value });
const right = (change: string) => (server: RedisServer) => server.cli('ACL', 'SETUSER', 'app', change);

const dumpOf = async (server: RedisServer) =>
  `${(await server.cli('CONFIG', 'GET', 'dir')).trim().split('\n')[1]!}/dump.rdb`;

const faults: Readonly<Record<string, Fault>> = {
  'a replica': {
    begin: (server) => server.cli('REPLICAOF', '127.0.0.1', '1'),
    end: (server) => server.cli('REPLICAOF', 'NO', 'ONE'),
    code: unavailable,
    message: /READONLY .* is a replica/,
  },
  'out of memory': {
    begin: setting('maxmemory', '1'),
    end: setting('maxmemory', '0'),
    code: unavailable,
    message: /OOM .* maxmemory, or/,
  },
  'without enough replicas': {
    begin: setting('min-replicas-to-write', '1'),
    end: setting('min-replicas-to-write', '0'),
    code: unavailable,
    message: /NOREPLICAS .*check them/,
  },
  'unable to save to disk': {
    begin: async (server) => {
      await server.cli('CONFIG', 'SET', 'save', '3600 1');
      // It cannot rename its file to a folder.
      await mkdir(await dumpOf(server));
      await server.cli('BGSAVE');
      await waitFor(async () => (await server.cli('INFO', 'persistence')).includes('rdb_last_bgsave_status:err'));
    },
    end: async (server) => {
      await server.cli('CONFIG', 'SET', 'save', '');
      await rm(await dumpOf(server), { recursive: true, force: true });
    },
    code: unavailable,
    message: /MISCONF .*its disk/,
  },
  'run by an operator who revoked SET': {
    begin: right('-set'),
    end: right('+set'),
    code: denied,
    message: new RegExp(`${words.deniedInScript}.*SSCAN and EVAL`),
  },
  'run by an operator who revoked SADD': {
    begin: right('-sadd'),
    end: right('+sadd'),
    code: denied,
    message: new RegExp(words.deniedInScript),
  },
  'run by an operator who revoked EVAL': {
    begin: right('-eval'),
    end: right('+eval'),
    code: denied,
    message: /NOPERM/,
  },
};

/** A Redis with a user of ours that has just the rights that it needs, and a registry for that user. */
async function redisWithUser(server = shared) {
  await server.cli('ACL', 'SETUSER', 'app', 'reset', 'on', '>secret', '~rollcall:*', ...rights);
  const options = { url: server.url, username: 'app', password: 'secret' } satisfies RedisOptions;
  return { server, options, registry: redisOn(options) };
}

const errorOf = (verb: Promise<unknown>) => verb.then(() => undefined, asError);

/** The instances to which a reader would send requests. */
async function serving(registry: Registry, name: string): Promise<string[]> {
  const { instances } = await registry.discovery!.poll(name, undefined, none);
  return instances.filter(({ status }) => status === 'passing' || status === 'warning').map(({ id }) => id);
}

describe.each(Object.entries(faults))('a Redis that is %s', (_fault, { begin, end, code, message }) => {
  afterEach(() => end(shared));

  it('has a first registration wait, and no reader find for a TTL what cannot be written as critical', async () => {
    const { server, options, registry } = await redisWithUser();
    const reader = redisOn({ url: server.url });
    const instance = { ...sampleOf('withdrawn'), ttlMs: 400 };
    const registration = await registry.register(instance, passing, none);
    await registration.renew(passing, none);
    expect(await serving(reader, 'withdrawn')).toEqual([instance.id]);
    const { registrar, events } = registrarIn({
      name: freshName('waiting'),
      registry: redisOn(options),
      port: 4000,
      address: '10.0.0.7',
      ttl: '3s',
      heartbeat: { interval: '200ms' },
      shutdown: { signals: false, policy: 'leave', drain: false },
    });
    await begin(server);
    const since = performance.now();
    const starting = registrar.start();
    while (performance.now() - since < instance.ttlMs) {
      expect(await errorOf(registration.renew(critical, none))).toBeInstanceOf(Error);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await serving(reader, 'withdrawn')).toEqual([]);
    const { error } = await events.next('beatMissed');
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(registrar.state).not.toBe('failed');
    await end(server);
    expect(await serving(reader, 'withdrawn'), 'nothing of it comes back').toEqual([]);
    await events.next('registered', 15_000);
    await starting;
  });
});

describe('a Redis that is out of memory', () => {
  async function passingInstance(name: string, ttlMs = 60_000) {
    const { server, registry } = await redisWithUser();
    const instance = { ...sampleOf(name), ttlMs };
    const registration = await registry.register(instance, passing, none);
    await registration.renew(passing, none);
    await server.cli('CONFIG', 'SET', 'maxmemory', '1');
    return { server, registry, instance, registration };
  }

  it('keeps what serves listed, whatever its new reason or warning', async () => {
    const { registry, instance, registration } = await passingInstance('kept', 400);
    const since = performance.now();
    const reports: HealthReport[] = [passing, { status: 'passing', reason: 'another reason' }, warning];
    for (let beat = 0; performance.now() - since < 2 * instance.ttlMs; beat += 1) {
      await registration.renew(reports[beat % reports.length]!, none);
      expect(await serving(registry, 'kept')).toEqual([instance.id]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it.each<[string, (of: Awaited<ReturnType<typeof passingInstance>>) => Promise<unknown>]>([
    ['critical', ({ registration }) => registration.renew(critical, none)],
    ['maintenance', ({ registry, instance }) => registry.maintain!(instance, 'new disks', none)],
  ])('has no reader find what is in %s from that moment on', async (status, withdraw) => {
    const of = await passingInstance('removed');
    expect(await errorOf(withdraw(of))).toMatchObject({
      code: 'ROLLCALL_REGISTRATION_LOST',
      message: expect.stringMatching(new RegExp(`status ${status} could not be written.*maxmemory`)),
    });
    expect(await of.server.cli('DBSIZE')).toBe('0\n');
  });

  it('lets go of what stops', async () => {
    const { server, registration } = await passingInstance('stopped');
    await registration.deregister(none);
    expect(await server.cli('DBSIZE')).toBe('0\n');
  });

  it.each(['critical', 'maintenance'] as const)('has an exit under policy %s remove the entry', async (policy) => {
    const { server, registry, instance } = await passingInstance('exited');
    exit(registry, instance, policy);
    expect(await registry.read(instance, none)).toBeUndefined();
    expect(await server.cli('DBSIZE')).toBe('0\n');
  });
});

/** Sends what the 'exit' event would. */
function exit(registry: Registry, instance: ServiceInstance, policy: DepartureRequest['policy']): void {
  for (const departure of registry.departures!({ instance, policy, freshMs: 0 }))
    if (departure.kind === 'local') departure.run();
}

it('has a beat that is refused extend no lease, though its first commands were not', async () => {
  const { server, registry } = await redisWithUser();
  const instance = { ...sampleOf('half'), ttlMs: 60_000 };
  const registration = await registry.register(instance, passing, none);
  await registration.renew(passing, none);
  await server.cli('PEXPIRE', `rollcall:{half}:${instance.id}`, '30000');
  await server.cli('ACL', 'SETUSER', 'app', '-sadd');
  await expect(registration.renew(passing, none)).rejects.toMatchObject({ code: denied });
  expect(Number(await server.cli('PTTL', `rollcall:{half}:${instance.id}`))).toBeLessThanOrEqual(30_000);
});

describe('what a Redis answers', () => {
  it('is a foreign value under our keys: named, and never the end of a registration', async () => {
    const { server, registry } = await redisWithUser();
    const instance = sampleOf('foreign');
    await server.cli('SADD', `rollcall:{foreign}:${instance.id}`, 'a');
    await expect(registry.register(instance, passing, none)).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringContaining(`rollcall:{foreign}:${instance.id} or rollcall:{foreign}: remove it`),
    });
    await server.cli('DEL', `rollcall:{foreign}:${instance.id}`);
    await server.cli('SET', 'rollcall:{foreign}', 'x');
    await expect(registry.discovery!.poll('foreign', undefined, none)).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringContaining('in rollcall:{foreign}: remove it'),
    });
  });

  it('is a command that its configuration disables', async () => {
    const { registry } = await redisWithUser(await ownRedis({ config: ['rename-command PEXPIRE ""'] }));
    await expect(registry.register(sampleOf('renamed'), passing, none)).rejects.toMatchObject({
      code: denied,
      message: expect.stringMatching(new RegExp(`${words.disabledInScript}.*rename-command`)),
    });
  });

  it('is a TTL that it does not take, the one thing that is final', async () => {
    const { registry } = await redisWithUser();
    const instance = { ...sampleOf('lasting'), ttlMs: 1e30 };
    await expect(registry.register(instance, passing, none)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_REJECTED',
      message: expect.stringMatching(/`ttl`/),
    });
  });

  it('is that it has no such database', async () => {
    const { server } = await redisWithUser();
    await expect(redisOn({ url: `${server.url}/99` }).read(sampleOf('far'), none)).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringMatching(/redis\(\{ database \}\)/),
    });
  });

  it('is that it has clients enough', async () => {
    const { server, registry } = await redisWithUser();
    const instance = sampleOf('crowded');
    await server.cli('CONFIG', 'SET', 'maxclients', '2');
    const client = await holdConnection(server);
    await expect(registry.read(instance, none)).rejects.toMatchObject({ code: unavailable });
    client.destroy();
    await waitFor(() => registry.read(instance, none).then(() => true));
  });

  it('is that a script of another client blocks it', async () => {
    const { server, registry } = await redisWithUser();
    await server.configure({ [words.slowScriptSetting]: '50' });
    const client = await holdConnection(server);
    client.write('EVAL "while true do end" 0\r\n');
    const error = await waitFor(() => errorOf(registry.read(sampleOf('busy'), none)));
    expect(error).toMatchObject({ code: unavailable, message: expect.stringMatching(/BUSY .*SCRIPT KILL/) });
    await server.cli('SCRIPT', 'KILL');
    expect(await registry.read(sampleOf('busy'), none)).toBeUndefined();
  });

  it('is that it is loading, and that it has no master', async () => {
    const { server, registry } = await redisWithUser();
    const instance = sampleOf('loading');
    const master = await ownRedis();
    const { settings, valueLength } = words.slowLoad;
    const fill = "for i = 1, 100 do redis.call('SET', i, string.rep(redis.sha1hex(i), ARGV[1] / 40)) end";
    await master.configure({ rdbcompression: 'no' });
    await master.cli('EVAL', fill, '0', String(valueLength));
    await server.configure({ 'key-load-delay': '10000', ...settings });
    await server.cli('REPLICAOF', '127.0.0.1', String(master.port));
    const answered = (word: string) =>
      waitFor(async () => (await errorOf(registry.read(instance, none)))?.message.includes(`with: ${word} `));
    await answered('LOADING');
    await server.cli('REPLICAOF', 'NO', 'ONE');
    // Older ones change nothing before they have loaded.
    const settle = () => server.configure({ 'key-load-delay': '0', 'replica-serve-stale-data': 'no' });
    await waitFor(() => settle().then(() => true));
    await server.cli('REPLICAOF', '127.0.0.1', '1');
    await answered('MASTERDOWN');
    await server.cli('REPLICAOF', 'NO', 'ONE');
    await server.configure({ 'replica-serve-stale-data': 'yes' });
    await waitFor(() => registry.read(instance, none).then(() => true));
  });

  it('is that the key is at another node of a cluster', async () => {
    const [here, there] = nodes;
    const registry = redisOn({ url: here.url });
    const instance = sampleOf('clustered');
    await expect(registry.read(instance, none)).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringMatching(/CLUSTERDOWN/),
    });
    await there.takeAllSlots();
    await here.meet(there);
    const error = await waitFor(async () => {
      const answer = await errorOf(registry.read(instance, none));
      return answer?.message.includes('MOVED') === true && answer;
    });
    expect(error).toMatchObject({ code: unavailable, message: expect.stringMatching(/client \}\) a cluster client/) });
  });

  it('is a certificate that nothing here trusts', async () => {
    const server = await ownRedis({ tls: true });
    const registry = redisOn({ url: `rediss://127.0.0.1:${server.tlsPort}`, tls: { serverName: 'localhost' } });
    await expect(registry.read(sampleOf('untrusted'), none)).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringMatching(/redis\(\{ tls: \{ ca \} \}\)/),
    });
  });
});

describe('what others write', () => {
  it.each<[string, string[]]>([
    ['no JSON', ['x']],
    ['null', ['null']],
    ['deeply nested', ['['.repeat(100_000)]],
  ])('is an entry that is %s: it is replaced', async (_what, [value = '']) => {
    const { server, registry } = await redisWithUser();
    const instance = sampleOf('poisoned');
    await server.cli('SET', `rollcall:{poisoned}:${instance.id}`, value);
    await server.cli('SADD', 'rollcall:{poisoned}', instance.id);
    await (await registry.register(instance, passing, none)).renew(passing, none);
    expect(await serving(registry, 'poisoned')).toEqual([instance.id]);
  });

  it.each([
    ['bytes that are no text', "string.rep('\\255', 1000)"],
    ['3 MB long', "string.rep('x', 3000000)"],
  ])('is an entry of %s: it is replaced', async (_what, lua) => {
    const { server, registry } = await redisWithUser();
    const instance = sampleOf('poisoned');
    await server.cli('EVAL', `redis.call('SET', KEYS[1], ${lua})`, '1', `rollcall:{poisoned}:${instance.id}`);
    expect(await registry.read(instance, none)).toBeUndefined();
    await (await registry.register(instance, passing, none)).renew(passing, none);
    expect(await serving(registry, 'poisoned')).toEqual([instance.id]);
  });

  it.each(['deregister', 'critical'] as const)(
    'is the entry of the next incarnation: an exit under policy %s leaves it alone',
    async (policy) => {
      const { registry } = await redisWithUser();
      const instance = sampleOf('replaced');
      await registry.register(instance, passing, none);
      const next = { ...instance, nonce: 'next' };
      await (await registry.register(next, passing, none)).renew(passing, none);
      exit(registry, instance, policy);
      expect(await registry.read(instance, none)).toMatchObject({ instance: { nonce: 'next' }, status: 'passing' });
    },
  );

  const poison = (server: RedisServer, name: string, count: number) =>
    server.cli(
      'EVAL',
      "for i = 1, ARGV[1] do redis.call('SADD', KEYS[1], 'ghost-' .. i) end",
      '1',
      `rollcall:{${name}}`,
      String(count),
    );

  it('is a set full of ids without an entry: they are cleared in slices, and what is there is listed', async () => {
    const { server, registry } = await redisWithUser();
    const instance = sampleOf('haunted');
    await (await registry.register(instance, passing, none)).renew(passing, none);
    await poison(server, 'haunted', 10_000);
    await server.cli('CONFIG', 'RESETSTAT');
    expect(await serving(registry, 'haunted')).toEqual([instance.id]);
    expect(await server.cli('SCARD', 'rollcall:{haunted}')).toBe('1\n');
    const calls = Number(/cmdstat_mget:calls=(\d+)/.exec(await server.cli('INFO', 'commandstats'))?.[1]);
    expect(calls, 'requests of at most some 500 ids').toBeGreaterThanOrEqual(20);
  });

  it('is such a set for a reader that may not clear it: it asks once', async () => {
    const { server, registry } = await redisWithUser();
    const instance = sampleOf('haunted');
    await (await registry.register(instance, passing, none)).renew(passing, none);
    await poison(server, 'haunted', 2_000);
    await server.cli('ACL', 'SETUSER', 'reader', 'on', '>secret', '~rollcall:*', '+mget', '+sscan');
    await server.cli('ACL', 'LOG', 'RESET');
    const reader = redisOn({ url: server.url, username: 'reader', password: 'secret' });
    expect(await serving(reader, 'haunted')).toEqual([instance.id]);
    expect(await server.cli('ACL', 'LOG')).toMatch(/^count\n1\n/);
  });

  it('is more than a list may be: the error names the keys', async () => {
    const { server, registry } = await redisWithUser();
    const fill =
      "for i = 1, 34 do redis.call('SET', KEYS[1] .. ':' .. i, string.rep('x', 1000000)) redis.call('SADD', KEYS[1], i) end";
    await server.cli('EVAL', fill, '1', 'rollcall:{huge}');
    await expect(registry.discovery!.poll('huge', undefined, none)).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringMatching(/33554432 bytes, the most that redis\(\{ maxListBytes \}\) allows.*rollcall:\*/),
    });
    expect(await registry.read(sampleOf('huge'), none)).toBeUndefined();
  });
});

describe('what is not Redis', () => {
  it.each([
    ['an HTTP server', 'HTTP/1.1 400 Bad Request\r\n\r\n', /is not Redis.*redis\(\{ url \}\)/],
    ['a server that closes every connection', '', /could not be reached/],
  ])('is %s', async (_what, answer, message) => {
    const url = await fakeServer((socket) => {
      if (answer === '') socket.destroy();
      else socket.write(answer);
    });
    await expect(redisOn({ url }).read(sampleOf('fake'), none)).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['text', '$9999999999\r\n'],
    ['line', '+'],
    ['error', '-ERR '],
    ['list', '*9999999\r\n'],
  ])('is a server whose %s never ends: it is cut off', async (what, begin) => {
    let sent = 0;
    const url = await fakeServer((socket) => {
      const chunk = Buffer.from((what === 'list' ? '$1\r\nx\r\n' : 'x'.repeat(7)).repeat(9_000));
      const more = () => {
        while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
      };
      socket.write(begin);
      socket.on('drain', more);
      more();
    });
    await expect(redisOn({ url }).read(sampleOf('endless'), none)).rejects.toMatchObject({
      code: unavailable,
      message: expect.stringMatching(
        /longer than \d+ bytes, the most that redis\(\{ maxLookBytes \}\) allows.*raise that option/,
      ),
    });
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });
});

/** A plain connection that Redis counts. */
async function holdConnection(server: RedisServer): Promise<Socket> {
  const { connect } = await import('node:net');
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  later(() => socket.destroy());
  socket.write('PING\r\n');
  await once(socket, 'data');
  return socket;
}

/** The URL of a server that answers the first bytes of each connection. */
async function fakeServer(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
    later(() => socket.destroy());
  });
  later(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
