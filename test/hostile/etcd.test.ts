import { execFileSync } from 'node:child_process';
import { etcd } from 'rollcall';
import type { EtcdOptions, HealthReport, ServiceInstance } from 'rollcall';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { meaningOf } from '../../src/backends/etcd/etcd-meanings.js';
import { compact, fill, makeRoom, smallEtcd } from '../integration/fixtures/etcd-trouble.js';
import { cleanUp, freshName, later } from '../integration/fixtures/live.js';
import { ownEtcd, registeredOnEtcd } from '../integration/fixtures/live-etcd.js';
import type { EtcdServer } from '../support/servers/etcd-server.js';
import { findServer } from '../support/servers/find-server.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { filesOf, makeAuthority } from '../support/tls/certificates.js';
import { waitFor } from '../support/wait-for.js';

const passing: HealthReport = { status: 'passing', reason: 'ok' };
const { signal } = new AbortController();
/** The default of `registeredOnEtcd`, and what etcd takes to notice that a lease is over. */
const TTL_MS = 3_000;
const NOTICED_MS = 2_000;

// All tests run at once, each on a server or under names of its own: most of their time they wait for etcd.
afterAll(cleanUp);

const keysUnder = async (url: string, prefix: string) => (await rawEtcd(url).under(prefix)).map(({ key }) => key);

function registryOn(options: EtcdOptions) {
  const registry = etcd(options);
  later(() => registry.close());
  return registry;
}

/** What readers through rollcall see of a service. */
async function seenOf(options: EtcdOptions, name: string) {
  const instances = (await registryOn(options).discovery?.poll(name, undefined, signal))?.instances ?? [];
  return instances.map(({ status }) => status);
}

function instanceOf(name: string, more: Partial<ServiceInstance> = {}): ServiceInstance {
  return {
    name,
    id: `${name}-1`,
    address: '10.0.0.7',
    port: 3000,
    tags: [],
    meta: {},
    nonce: `nonce-of-${name}`,
    ttlMs: 60_000,
    checks: [],
    ...more,
  };
}

const health = { components: { disk: { onFail: 'critical' }, cache: { onFail: 'warning' } } } as const;

describe.concurrent('etcd that is out of space', () => {
  it('loses an instance that turns critical all the same, with record and lease kept, and finds it again when there is room', async () => {
    const server = await smallEtcd();
    const connection = { endpoints: [server.url] };
    const { registrar, events, record, published } = await registeredOnEtcd(connection, { name: 'orders', health });
    await fill(server);
    const [before] = await rawEtcd(server.url).under(record);
    registrar.report('disk', 'critical', 'broken');
    await waitFor(async () => (await keysUnder(server.url, 'orders/')).length === 0, { timeoutMs: TTL_MS });
    expect(await seenOf(connection, 'orders')).toEqual(['critical']);
    // For longer than the lease lives without a beat.
    for (const until = performance.now() + TTL_MS + NOTICED_MS; performance.now() < until;) {
      events.clear();
      await events.next('beat');
      expect(await keysUnder(server.url, 'orders/')).toEqual([]);
    }
    expect(await rawEtcd(server.url).under(record)).toEqual([before]);
    expect([events.of('lost'), registrar.state]).toEqual([[], 'registered']);
    registrar.report('disk', 'passing');
    expect((await events.next('beatMissed')).error.message).toMatch(/database space exceeded.*alarm disarm/);
    await makeRoom(server);
    await waitFor(async () => (await keysUnder(server.url, published)).length === 1, { timeoutMs: 20_000 });
    expect(await seenOf(connection, 'orders')).toEqual(['passing']);
  });

  it('keeps an instance that is well, whatever it has to say, and one that only warns', async () => {
    const server = await smallEtcd();
    const connection = { endpoints: [server.url] };
    const registry = registryOn(connection);
    const registration = await registry.register(instanceOf('well'), passing, signal);
    await registration.renew(passing, signal);
    await fill(server);
    for (const report of [
      { ...passing, reason: 'two of three shards' },
      { status: 'warning', reason: 'slow' } as const,
    ])
      expect((await registration.renew(report, signal)).ttlMs).toBe(60_000);
    expect(await keysUnder(server.url, 'well/')).toEqual(['well/well-1']);
    expect(await seenOf(connection, 'well')).toEqual(['passing']);
  });

  it('does not get the beats of an instance that has no key to remove, so that its record goes', async () => {
    const server = await smallEtcd();
    const { registrar, record } = await registeredOnEtcd(
      { endpoints: [server.url] },
      { name: 'portless', port: undefined as never, health },
    );
    await fill(server);
    registrar.report('disk', 'critical', 'broken');
    await waitFor(async () => (await keysUnder(server.url, record)).length === 0, {
      timeoutMs: 2 * TTL_MS + NOTICED_MS,
    });
  });

  it('loses an instance that stops at once, whatever the policy', async () => {
    const server = await smallEtcd();
    const connection = { endpoints: [server.url] };
    const policies = ['deregister', 'maintenance', 'critical'] as const;
    const stopping = await Promise.all(
      policies.map((policy) =>
        registeredOnEtcd(connection, {
          name: policy,
          shutdown: { signals: false, policy, drain: { min: 0, quiet: 0, max: '2s' }, timeout: '5s' },
        }),
      ),
    );
    await fill(server);
    for (const { registrar, events } of stopping) {
      await registrar.stop();
      expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    }
    for (const policy of policies) {
      expect(await keysUnder(server.url, `${policy}/`)).toEqual([]);
      expect(await seenOf(connection, policy)).not.toContain('passing');
    }
  });
});

describe.concurrent('a user whose right to write was revoked', () => {
  const password = 'hunter2-of-etcd';
  const root = ['--user', `root:${password}`];

  /** A user who may write `/rollcall/` and `<name>/`, until `revoke` leaves only reading. */
  async function userOf(server: EtcdServer, name: string) {
    const grant = async (right: string) => {
      for (const prefix of ['/rollcall/', `${name}/`])
        await server.etcdctl(...root, 'role', 'grant-permission', 'service', right, prefix, '--prefix');
    };
    await server.enableAuth(password);
    await server.etcdctl(...root, 'role', 'add', 'service');
    await server.etcdctl(...root, 'user', 'add', `me:${password}`);
    await server.etcdctl(...root, 'user', 'grant-role', 'me', 'service');
    await grant('readwrite');
    return {
      connection: { endpoints: [server.url], username: 'me', password },
      revoke: () => grant('read'),
      keys: async (prefix: string) =>
        (await server.etcdctl(...root, 'get', '--prefix', '--keys-only', prefix)).split('\n').filter(Boolean),
    };
  }

  it('leaves traffic within one TTL when the instance turns critical, and not for a new reason', async () => {
    const server = await ownEtcd();
    const { connection, revoke, keys } = await userOf(server, 'orders');
    const registry = registryOn(connection);
    const registration = await registry.register(instanceOf('orders', { ttlMs: TTL_MS }), passing, signal);
    await registration.renew(passing, signal);
    await revoke();
    const renewed = registration.renew({ ...passing, reason: 'two of three shards' }, signal);
    // Newer ones do not keep a lease alive for a user who may not write its keys: the instance leaves within a TTL whatever its status.
    if (inject('etcdFacts').keepAliveNeedsWrite)
      await expect(renewed).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_DENIED' });
    else await renewed;
    expect(await keys('orders/')).toEqual(['orders/orders-1']);
    const critical = { status: 'critical', reason: 'broken' } as const;
    const denied = { code: 'ROLLCALL_REGISTRY_DENIED', message: expect.stringContaining('readwrite') as string };
    const turnedAt = performance.now();
    // Beats and new registrations go on, as those of a Registrar do.
    while ((await keys('orders/')).length > 0) {
      expect(performance.now() - turnedAt).toBeLessThan(10 * TTL_MS);
      await expect(registration.renew(critical, signal)).rejects.toMatchObject(denied);
      await expect(registry.register(instanceOf('orders', { ttlMs: TTL_MS }), critical, signal)).rejects.toMatchObject(
        denied,
      );
    }
    expect(await keys('/rollcall/')).toEqual([]);
    expect(JSON.stringify(await server.etcdctl(...root, 'lease', 'list'))).toMatch(/found 0 leases/);
  });
});

describe.concurrent('a reader who may read the records alone', () => {
  it('goes by what they say', async () => {
    const server = await ownEtcd();
    const registry = registryOn({ endpoints: [server.url] });
    const registration = await registry.register(instanceOf('orders'), passing, signal);
    await registration.renew(passing, signal);
    const password = 'hunter2-of-etcd';
    await server.enableAuth(password);
    const root = ['--user', `root:${password}`];
    await server.etcdctl(...root, 'role', 'add', 'reader');
    await server.etcdctl(...root, 'role', 'grant-permission', 'reader', 'read', '/rollcall/orders/', '--prefix');
    await server.etcdctl(...root, 'user', 'add', `me:${password}`);
    await server.etcdctl(...root, 'user', 'grant-role', 'me', 'reader');
    expect(await seenOf({ endpoints: [server.url], username: 'me', password }, 'orders')).toEqual(['passing']);
  });
});

describe.concurrent('what etcd says', () => {
  const bytes = (text: string) => Buffer.from(text).toString('base64');

  it('means what the table says, on a real one', async () => {
    const password = 'hunter2-of-etcd';
    const server = await ownEtcd({ flags: { 'quota-backend-bytes': '2097152', 'max-request-bytes': '200000' } });
    const ask = async (path: string, body: object, token?: string) => {
      const response = await fetch(`${server.url}/v3${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        ...(token !== undefined && { headers: { authorization: token } }),
      });
      const text = await response.text();
      return { status: response.status, text, body: JSON.parse(text) as unknown };
    };
    const nameOf = async (...asked: Parameters<typeof ask>) => meaningOf(await ask(...asked)).name;
    const put = { key: bytes('a'), value: bytes('b') };
    const login = (name: string, secret: string) => ask('/auth/authenticate', { name, password: secret });
    expect(await nameOf('/kv/put', { ...put, lease: '7' })).toBe('no lease');
    expect(await nameOf('/lease/revoke', { ID: '7' })).toBe('no lease');
    expect(await nameOf('/kv/put', { ...put, value: bytes('x'.repeat(400_000)) })).toBe('too large');
    expect(await nameOf('/kv/put', { ...put, value: bytes('x'.repeat(2_000_000)) })).toBe('too large');
    expect(await nameOf('/lease/grant', { TTL: '9900000000' })).toBe('TTL too long');
    expect(meaningOf(await login('root', password)).name).toBe('no authentication');
    await ask('/kv/put', put);
    await ask('/kv/put', put);
    await compact(server);
    expect(await nameOf('/kv/range', { key: bytes('a'), revision: '1' })).toBe('compacted');
    await fill(server);
    expect(await nameOf('/kv/put', put)).toBe('no space');
    expect(await nameOf('/kv/txn', { success: [{ request_put: put }] })).toBe('no space');
    expect(await nameOf('/lease/grant', { TTL: '5' })).toBe('no space');
    await makeRoom(server);
    await server.enableAuth(password);
    await server.etcdctl('--user', `root:${password}`, 'user', 'add', `me:${password}`);
    expect(await nameOf('/kv/put', put)).toBe('no user');
    expect(await nameOf('/kv/put', put, 'unknown.1')).toBe('stale token');
    expect(meaningOf(await login('root', 'wrong')).name).toBe('wrong password');
    const { token } = (await login('me', password)).body as { token: string };
    expect(await nameOf('/kv/put', put, token)).toBe('no right');
    expect(await nameOf('/no/such/path', {}).catch(() => 'no gateway')).toMatch(/no gateway|unknown/);
  });

  it('ends a first registration only where our data are at fault, and names them', async () => {
    const server = await ownEtcd({ flags: { 'max-request-bytes': '2000' } });
    const registry = registryOn({ endpoints: [server.url] });
    await expect(
      registry.register(instanceOf('large', { meta: { words: 'x'.repeat(4_000) } }), passing, signal),
    ).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_REJECTED',
      message: expect.stringMatching(/request is too large\. Shorten `tags` and `meta`/) as string,
    });
    expect(await rawEtcd(server.url).leases()).toEqual([]);
  });
});

describe.concurrent('a watch whose past was compacted', () => {
  it('goes on without a loop, and misses nothing', async () => {
    const server = await ownEtcd();
    const raw = rawEtcd(server.url);
    const registry = registryOn({ endpoints: [server.url] });
    const registration = await registry.register(instanceOf('watched'), passing, signal);
    await registration.renew(passing, signal);
    const growAndCompact = async () => {
      for (let number = 0; number < 5; number += 1) await raw.put('other', String(number));
      await compact(server);
    };
    // Nothing happened to the entry in what was forgotten: the poll waits.
    await growAndCompact();
    const quiet = registration.changed!(signal).then(() => 'changed');
    const wait = new Promise((resolve) => setTimeout(resolve, 500, 'waits'));
    expect(await Promise.race([quiet, wait])).toBe('waits');
    await raw.delete('watched/watched-1');
    expect(await quiet).toBe('changed');
    // Something did: the poll says so at once.
    await growAndCompact();
    expect(await registration.changed!(signal).then(() => 'changed')).toBe('changed');
    await expect(registration.renew(passing, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
  });
});

describe.concurrent('a forged record', () => {
  const url = inject('etcdUrl');
  const raw = rawEtcd(url);

  /** A record that names a key, and is on a lease, of another program. */
  async function forge(name: string, secret: string, lease: string, forged: object = {}) {
    const value = JSON.stringify({
      instance: { ...instanceOf(name), ttlMs: 60_000, ...forged },
      beat: passing,
      publishedAt: secret,
    });
    await raw.post('/kv/put', {
      key: Buffer.from(`/rollcall/${name}/${name}-1`).toString('base64'),
      value: Buffer.from(value).toString('base64'),
      lease,
    });
  }

  async function secretOf(name: string) {
    const secret = `config-${name}/secret`;
    const { ID } = await raw.post<{ ID: string }>('/lease/grant', { TTL: '60' });
    await raw.post('/kv/put', {
      key: Buffer.from(secret).toString('base64'),
      value: Buffer.from('precious').toString('base64'),
      lease: ID,
    });
    return { secret, lease: ID, isThere: async () => (await raw.under(secret)).length === 1 };
  }

  it.each([
    ['of another instance', (name: string) => ({ name: `config-${name}`, id: 'secret' })],
    ['of the same instance', () => ({})],
    ['that the layout cannot read', () => ({ address: 7, port: 'x' })],
  ])('makes nobody delete a key or end a lease of another program: %s', async (_what, forged) => {
    const name = freshName('forged');
    const { secret, lease, isThere } = await secretOf(name);
    const registry = registryOn({ endpoints: [url] });
    for (const on of ['0', lease]) {
      await forge(name, secret, on, forged(name));
      await registry.remove({ name, id: `${name}-1` }, signal);
      expect([await isThere(), await raw.under(`/rollcall/${name}/`)]).toEqual([true, []]);
      await forge(name, secret, on, forged(name));
      const registration = await registry.register(instanceOf(name), passing, signal);
      await registration.renew(passing, signal);
      await registration.deregister(signal);
      expect([await isThere(), await raw.under(`/rollcall/${name}/`)]).toEqual([true, []]);
    }
  });

  it('makes an exit remove the keys of the entry alone', async () => {
    const name = freshName('forged');
    const { secret, lease, isThere } = await secretOf(name);
    const registry = registryOn({ endpoints: [url] });
    // Opens a connection.
    await registry.read({ name, id: `${name}-1` }, signal);
    await forge(name, secret, lease);
    /** What the exit would send after a look, carried out. */
    const leave = async () => {
      const [departure] = registry.departures!({ instance: instanceOf(name), policy: 'deregister', freshMs: 0 });
      if (departure?.kind !== 'http') throw new Error('nothing to send');
      const found = await fetchBytes(departure.look.request);
      const request = departure.look.next({ status: 200, text: found });
      if (request !== undefined) await fetchBytes(request);
      return departure.request;
    };
    expect(await leave()).toBeUndefined();
    expect([await isThere(), await raw.under(`/rollcall/${name}/`)]).toEqual([true, []]);
    const registration = await registry.register(instanceOf(name), passing, signal);
    await forge(name, secret, lease);
    // Without a look, only a lease that we asked for.
    const own = JSON.parse(String(await leave()).split('\r\n\r\n')[1]!) as { ID: string };
    expect(own.ID).not.toBe(lease);
    expect(await raw.leases()).toContain(own.ID);
    expect([await isThere(), await raw.under(`/rollcall/${name}/`)]).toEqual([true, []]);
    await registration.deregister(signal);
  });

  it('is not listed under a name that is not its own', async () => {
    const name = freshName('other');
    await forge(name, 'x', '0', { name: 'payments' });
    expect(await seenOf({ endpoints: [url] }, name)).toEqual([]);
    await raw.delete(`/rollcall/${name}/${name}-1`);
  });
});

describe.concurrent('credentials that change', () => {
  it('are followed: a password in a file, and one from a function', async () => {
    const server = await ownEtcd();
    const [first, second] = ['hunter2-of-etcd', 'hunter3-of-etcd'];
    await server.enableAuth(first);
    const files = await filesOf({ password: `${first}\n` });
    later(() => files.remove());
    const connection = { endpoints: [server.url], username: 'root', passwordFile: files.path('password') };
    const { events } = await registeredOnEtcd(connection, {
      name: 'rotated',
      ttl: '30s',
      heartbeat: { interval: '300ms' },
    });
    let asked = first;
    const registry = registryOn({ endpoints: [server.url], username: 'root', password: () => Promise.resolve(asked) });
    expect(await registry.read({ name: 'rotated', id: 'rotated-1' }, signal)).toMatchObject({ status: 'passing' });
    await changePassword(server, first, second);
    server.setRootPassword(second);
    asked = second;
    await files.write('password', second);
    await server.restart();
    events.clear();
    await events.next('beat', 20_000);
    expect(await registry.read({ name: 'rotated', id: 'rotated-1' }, signal)).toMatchObject({ status: 'passing' });
  });

  it('are followed: the authority in a file', async () => {
    const [one, other] = [await makeAuthority(), await makeAuthority()];
    const { cert, key } = await one.issue();
    const files = await filesOf({ ca: one.cert, cert, key });
    later(() => files.remove());
    const flags = { 'cert-file': files.path('cert'), 'key-file': files.path('key') };
    const server = await ownEtcd({ tls: true, flags });
    const endpoints = [server.url.replace('127.0.0.1', 'localhost')];
    const { events } = await registeredOnEtcd(
      { endpoints, tls: { ca: files.path('ca') } },
      { name: 'tls', ttl: '30s', heartbeat: { interval: '300ms' } },
    );
    const next = await other.issue();
    await files.write('cert', next.cert);
    await files.write('key', next.key);
    await server.restart();
    await waitFor(() => events.of('beatMissed').some(({ error }) => /etcd\(\{ tls: \{ ca \} \}\)/.test(error.message)));
    await files.write('ca', other.cert);
    events.clear();
    await events.next('beat', 20_000);
  });
});

/** Sends a request that is given as it is on the wire. */
async function fetchBytes(request: Buffer): Promise<string> {
  const [head = '', body = ''] = request.toString().split('\r\n\r\n');
  const [, path = '', host = ''] = /^POST (\S+) HTTP\/1\.1\r\nhost: (\S+)/.exec(head) ?? [];
  const response = await fetch(`http://${host}${path}`, { method: 'POST', body });
  expect(response.status).toBe(200);
  return response.text();
}

/** etcd's own client takes the new password from its standard input. */
async function changePassword(server: EtcdServer, from: string, to: string): Promise<void> {
  const words = [
    '--endpoints',
    server.plainUrl,
    '--user',
    `root:${from}`,
    'user',
    'passwd',
    'root',
    '--interactive=false',
  ];
  execFileSync(await findServer('etcdctl'), words, { input: `${to}\n`, env: { ETCDCTL_API: '3' } });
}
