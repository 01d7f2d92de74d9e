import { afterEach, describe, expect, inject, it } from 'vitest';
import { startEtcd, startEtcdCluster } from '../support/servers/etcd-server.js';
import { startRedis, startRedisSentinels } from '../support/servers/redis-server.js';
import { waitFor } from '../support/wait-for.js';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function use<T extends { stop(): Promise<void> }>(server: T): T {
  cleanups.push(() => server.stop());
  return server;
}

describe('an etcd', () => {
  it('is there for all files', async () => {
    expect(await (await fetch(`${inject('etcdUrl')}/health`)).json()).toEqual(inject('etcdFacts').healthy);
  });

  it('has its data still after a kill, and refuses a client without a password once it wants one', async () => {
    const server = use(await startEtcd({ tls: true }));
    await server.etcdctl('put', 'key', 'value');
    await server.kill();
    await server.restart();
    expect(await server.etcdctl('get', 'key')).toBe('key\nvalue\n');
    await server.enableAuth('secret');
    await expect(server.etcdctl('get', 'key')).rejects.toThrow('user name is empty');
    expect(await server.etcdctl('--user', 'root:secret', 'get', 'key')).toBe('key\nvalue\n');
  });

  it('finds another leader when the one of a cluster is killed', async () => {
    const cluster = use(await startEtcdCluster());
    const first = await cluster.leader();
    await first.kill();
    expect(await waitFor(() => cluster.leader())).not.toBe(first);
  });
});

describe('a Redis', () => {
  it('is there for all files', () => {
    expect(inject('redisUrl')).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/);
  });

  it('comes back empty after a kill, and refuses a client without its password', async () => {
    const server = use(await startRedis({ password: 'secret', tls: true }));
    await server.cli('SET', 'key', 'value');
    expect(await server.cli('GET', 'key')).toBe('value\n');
    await server.kill();
    await server.restart();
    expect(await server.cli('GET', 'key')).toBe('\n');
    expect(await server.cli('--no-auth-warning', '-a', 'wrong', 'GET', 'key')).toContain('NOAUTH');
  });

  it('has another master soon when Sentinels watch it', async () => {
    const group = use(await startRedisSentinels());
    const first = await group.master();
    await first.kill();
    const second = await waitFor(async () => {
      const master = await group.master();
      return master !== first && master;
    });
    await waitFor(async () => (await second.cli('SET', 'key', 'value')) === 'OK\n');
  });
});
