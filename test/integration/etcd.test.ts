import { etcd } from 'rollcall';
import type { HealthReport } from 'rollcall';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later, proxyBefore } from './fixtures/live.js';
import { ownEtcd, registeredOnEtcd, registrarOnEtcd } from './fixtures/live-etcd.js';

const url = inject('etcdUrl');
const shared = { endpoints: [url] };
const raw = rawEtcd(url);
const fine: HealthReport = { status: 'passing', reason: 'ok' };

afterEach(cleanUp);

/** The keys of a service: our records, and what others find. */
async function keysOf(name: string, etcd = raw) {
  return { records: await etcd.under(`/rollcall/${name}/`), published: await etcd.under(`${name}/`) };
}

describe('an instance in etcd', () => {
  it('is a record and one key for gRPC clients on one lease, and stopping leaves none of them', async () => {
    const name = freshName('life');
    const { registrar, record, published } = await registeredOnEtcd(shared, {
      name,
      tags: ['v1'],
      meta: { version: '1.2.3' },
    });
    const keys = await keysOf(name);
    const value = {
      Op: 0,
      Addr: '10.0.0.7:3000',
      Metadata: { id: `${name}-1`, tags: ['v1'], meta: { version: '1.2.3' } },
    };
    expect(keys.published).toEqual([{ key: published, value: JSON.stringify(value), lease: keys.records[0]!.lease }]);
    expect(keys.records).toMatchObject([{ key: record }]);
    await registrar.stop();
    expect(await keysOf(name)).toEqual({ records: [], published: [] });
    expect(await raw.leases()).not.toContain(keys.records[0]!.lease);
  });

  it('lives as long as etcd grants, which is 2 s at least', async () => {
    const { events } = await registeredOnEtcd(shared, { name: freshName('floor'), ttl: '1s' });
    expect((await events.next('beat')).ttlMs).toBe(2_000);
  });

  it('is not there for others while it does not pass, and keeps its lease', async () => {
    const name = freshName('unfit');
    const { registrar, events, record, published } = await registeredOnEtcd(shared, {
      name,
      health: { components: { kafka: { onFail: 'critical' } } },
    });
    const [{ lease } = { lease: '' }] = (await keysOf(name)).records;
    registrar.report('kafka', 'critical', 'lag');
    await waitFor(async () => (await keysOf(name)).published.length === 0);
    expect((await keysOf(name)).records).toMatchObject([{ key: record, lease }]);
    registrar.report('kafka', 'passing');
    await waitFor(async () => (await keysOf(name)).published.length === 1);
    await registrar.maintenance(true, 'new disks');
    expect((await keysOf(name)).published).toEqual([]);
    await registrar.maintenance(false);
    await waitFor(async () => (await keysOf(name)).published.length === 1);
    expect(await keysOf(name)).toMatchObject({
      records: [{ key: record, lease }],
      published: [{ key: published, lease }],
    });
    expect(events.of('lost')).toEqual([]);
  });

  it('is updated in place, on the same lease', async () => {
    const name = freshName('update');
    const { registrar } = await registeredOnEtcd(shared, { name, tags: ['v1'] });
    const before = await keysOf(name);
    await registrar.update({ tags: ['v2'] });
    const after = await keysOf(name);
    expect(after.published[0]!.value).toBe(before.published[0]!.value.replace('v1', 'v2'));
    expect(after.records[0]!.lease).toBe(before.records[0]!.lease);
  });
});

describe('a loss', () => {
  const losses: [string, (name: string) => Promise<void>][] = [
    ['its lease was revoked', (name) => raw.forget(name, `${name}-1`)],
    ['its record was deleted', (name) => raw.delete(`/rollcall/${name}/${name}-1`)],
    ['its record was written over', (name) => raw.put(`/rollcall/${name}/${name}-1`, 'nonsense')],
    ['its key for others was deleted', (name) => raw.delete(`${name}/${name}-1`)],
    ['its key for others was written over', (name) => raw.put(`${name}/${name}-1`, 'nonsense')],
  ];

  it.each(losses)(
    'is noticed and mended at once, long before the next beat, with one lease in the end: %s',
    async (_what, lose) => {
      const name = freshName('loss');
      const { events } = await registeredOnEtcd(shared, { name, ttl: '60s', heartbeat: { interval: '30s' } });
      const before = await keysOf(name);
      await lose(name);
      expect((await events.next('lost')).cause).toBe('missing');
      await events.next('recovered');
      const { records, published } = await keysOf(name);
      expect(published).toMatchObject([{ value: before.published[0]!.value, lease: records[0]!.lease }]);
      expect(records).toHaveLength(1);
      const former = before.records[0]!.lease;
      if (former !== records[0]!.lease) expect(await raw.leases()).not.toContain(former);
    },
  );

  it('of everything that etcd had is mended as soon as it is back', async () => {
    const server = await ownEtcd();
    const name = freshName('emptied');
    const { events, published } = await registeredOnEtcd({ endpoints: [server.url] }, { name });
    await server.restartEmpty();
    await events.next('recovered', 20_000);
    const own = rawEtcd(server.url);
    expect((await keysOf(name, own)).published.map(({ key }) => key)).toEqual([published]);
    expect(await own.leases()).toHaveLength(1);
  });

  it('is none when etcd comes back with its data: the lease goes on', async () => {
    const server = await ownEtcd();
    const name = freshName('kept');
    const { events } = await registeredOnEtcd(
      { endpoints: [server.url] },
      { name, ttl: '30s', heartbeat: { interval: '500ms' } },
    );
    const own = rawEtcd(server.url);
    const before = await keysOf(name, own);
    await server.restart();
    events.clear();
    await events.next('beat', 20_000);
    expect(await keysOf(name, own)).toEqual(before);
    expect(events.of('lost')).toEqual([]);
  });
});

describe('the id of an instance', () => {
  it('is taken from its past self at once, whose lease ends with that', async () => {
    const name = freshName('past');
    const past = { name, id: `${name}-1`, address: '10.0.0.7', port: 3000 };
    // What a kill leaves behind: nobody beats any more, and the lease has long to run.
    const registry = etcd(shared);
    later(() => registry.close());
    const { signal } = new AbortController();
    const ghost = await registry.register(
      { ...past, tags: [], meta: {}, nonce: 'of-the-past', ttlMs: 60_000, checks: [] },
      fine,
      signal,
    );
    await ghost.renew(fine, signal);
    const [before] = (await keysOf(name)).records;
    let open = false;
    const { events, registrar } = registrarOnEtcd(shared, { ...past, ready: () => open });
    void registrar.start();
    await waitFor(async () => (await keysOf(name)).published.length === 0);
    open = true;
    await events.next('registered');
    const { records, published } = await keysOf(name);
    expect([records.length, published.length]).toEqual([1, 1]);
    expect(await raw.leases()).not.toContain(before!.lease);
    // Whatever the former self still has to say takes nothing from its successor.
    await expect(ghost.renew(fine, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
    await ghost.deregister(signal);
    expect(await keysOf(name)).toEqual({ records, published });
  });
});

describe('what was on the wire', () => {
  it('brings nothing back that has been deregistered, in whatever order it arrives', async () => {
    const proxy = await proxyBefore(url);
    const sent: { path: string; body: string }[] = [];
    await proxy.intercept(({ path, body }) => {
      if (/txn|keepalive/.test(path)) sent.push({ path: path.replace('/v3', ''), body });
      return undefined;
    });
    const name = freshName('late');
    const { registrar } = await registeredOnEtcd({ endpoints: [proxy.url] }, { name });
    await registrar.update({ tags: ['v2'] });
    await registrar.stop();
    expect(sent.filter(({ body }) => body.includes('request_put')).length).toBeGreaterThanOrEqual(3);
    for (const { path, body } of [...sent, ...sent.reverse()]) {
      await raw.post(path, JSON.parse(body) as object).catch(() => undefined);
      expect(await keysOf(name)).toEqual({ records: [], published: [] });
    }
  });
});

describe('etcd with authentication', () => {
  it('has the instance by name and password, also after it has forgotten all tokens, and says what is wrong otherwise', async () => {
    const server = await ownEtcd();
    const password = 'hunter2-of-etcd';
    await server.enableAuth(password);
    const endpoints = [server.url];
    const name = freshName('auth');
    const { events, registrar } = await registeredOnEtcd(
      { endpoints, username: 'root', password },
      { name, ttl: '30s', heartbeat: { interval: '1s' } },
    );
    const nobody = registrarOnEtcd({ endpoints }, { name: `${name}-nobody` });
    const wrong = registrarOnEtcd(
      { endpoints, username: 'root', password: `not-${password}` },
      { name: `${name}-wrong` },
    );
    for (const each of [nobody, wrong]) {
      void each.registrar.start();
      const { error } = await each.events.next('beatMissed');
      expect(error).toMatchObject({
        code: 'ROLLCALL_REGISTRY_DENIED',
        message: expect.stringContaining('etcd({ username, password })') as string,
      });
      // etcd takes its time over each password that it is shown.
      await each.registrar.stop();
    }
    await server.restart();
    events.clear();
    await events.next('beat', 20_000);
    await registrar.update({ tags: ['v2'] });
    const words = ['--user', `root:${password}`, 'get', '--prefix', `${name}/`];
    expect(await server.etcdctl(...words)).toContain('"tags":["v2"]');
    await registrar.stop();
    expect(await server.etcdctl(...words)).toBe('');
    const told = JSON.stringify(
      [events.all, nobody.events.all, wrong.events.all, registrar.status()],
      (_key, value: unknown) => (value instanceof Error ? [value.message, value.cause] : value),
    );
    expect(told).not.toContain('hunter2');
  });

  it('may be switched on and off while the instance is there', async () => {
    const server = await ownEtcd();
    const name = freshName('switch');
    const connection = { endpoints: [server.url], username: 'root', password: 'pw' };
    const { events, registrar } = await registeredOnEtcd(connection, {
      name,
      ttl: '30s',
      heartbeat: { interval: '500ms' },
    });
    await server.enableAuth('pw');
    await registrar.update({ tags: ['on'] });
    await server.etcdctl('--user', 'root:pw', 'auth', 'disable');
    await registrar.update({ tags: ['off'] });
    events.clear();
    await events.next('beat');
    expect((await keysOf(name, rawEtcd(server.url))).published[0]!.value).toContain('off');
    expect(events.of('lost')).toEqual([]);
  });
});

describe('etcd over TLS', () => {
  it('has the instance when its certificate is trusted, and is not spoken to otherwise', async () => {
    const server = await ownEtcd({ tls: true });
    const name = freshName('tls');
    const endpoints = [server.url.replace('127.0.0.1', 'localhost')];
    const ca = new URL('../support/tls/localhost.cert.pem', import.meta.url).pathname;
    await registeredOnEtcd({ endpoints, tls: { ca } }, { name });
    expect((await keysOf(name, rawEtcd(server.plainUrl))).published).toHaveLength(1);
    const stranger = registrarOnEtcd({ endpoints }, { name: `${name}-stranger` });
    void stranger.registrar.start();
    expect((await stranger.events.next('beatMissed')).error.message).toMatch(
      /SELF_SIGNED|self-signed|UNABLE_TO_VERIFY/,
    );
  });
});
