import { afterAll, describe, expect, inject, it } from 'vitest';
import { etcd } from 'rollcall';
import { startEtcdCluster, startEtcdLearner } from '../support/servers/etcd-server.js';
import type { EtcdCluster, EtcdServer } from '../support/servers/etcd-server.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, later } from './fixtures/live.js';

const facts = inject('etcdFacts');
const signal = new AbortController().signal;
const passing = { status: 'passing', reason: 'ok' } as const;
const instance = {
  name: 'orders',
  id: 'orders-1',
  address: '10.0.0.7',
  port: 4000,
  tags: [],
  meta: {},
  nonce: 'nonce-1',
  ttlMs: 10_000,
  checks: [],
};

afterAll(cleanUp);

/** Kills the leader; resolves to the next one. */
async function nextLeader(cluster: EtcdCluster): Promise<EtcdServer> {
  const first = await cluster.leader();
  await first.kill();
  return waitFor(async () => {
    const leader = await cluster.leader();
    return leader !== first && leader;
  });
}

async function restOf(lease: string, { url }: EtcdServer): Promise<number> {
  return Number((await rawEtcd(url).post<{ TTL?: string }>('/lease/timetolive', { ID: lease })).TTL);
}

describe.concurrent('what this version of etcd does', () => {
  it.each([
    ['without checkpoints of leases', {}],
    ['with checkpoints of leases, which are minutes apart,', facts.leaseCheckpointFlags],
  ])('%s is to renew a lease to its full TTL when the leader changes', async (_, flags) => {
    const cluster = await startEtcdCluster({ flags });
    later(() => cluster.stop());
    const [any] = cluster.members as [EtcdServer];
    const ttl = 60;
    const { ID } = await rawEtcd(any.url).post<{ ID: string }>('/lease/grant', { TTL: ttl });
    const least = ttl - 4;
    await waitFor(async () => (await restOf(ID, any)) <= least, { timeoutMs: 20_000, everyMs: 200 });
    const from = performance.now();
    const next = await nextLeader(cluster);
    // It counts down for a moment before it leads in earnest; a slow machine comes late to the renewed lease.
    const isRenewed = async () => (await restOf(ID, next)) > least + 2 - (performance.now() - from) / 1000;
    await waitFor(isRenewed, { timeoutMs: 20_000 });
  });

  it('is to refuse reads at a learner, so that an instance is held by the members that vote', async () => {
    const cluster = await startEtcdCluster();
    later(() => cluster.stop());
    const learner = await startEtcdLearner(cluster);
    later(() => learner.stop());
    await waitFor(() => fetch(`${learner.url}/version`).then(({ ok }) => ok), { timeoutMs: 20_000 });
    await expect(rawEtcd(learner.url).under('/rollcall/')).rejects.toThrow('learner');
    const registry = etcd({ endpoints: [learner.url, ...cluster.urls] });
    later(() => registry.close());
    const registration = await registry.register(instance, passing, signal);
    await registration.renew(passing, signal);
    expect(await rawEtcd(cluster.urls[0]!).under('orders/')).toHaveLength(1);
    await registration.deregister(signal);
    expect(await rawEtcd(cluster.urls[0]!).under('orders/')).toEqual([]);
  });
});
