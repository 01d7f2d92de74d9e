import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEtcdCluster } from '../support/servers/etcd-server.js';
import type { EtcdCluster } from '../support/servers/etcd-server.js';
import { cleanUp, later } from './fixtures/live.js';
import { registeredOnEtcd } from './fixtures/live-etcd.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';

let cluster: EtcdCluster;
beforeEach(async () => {
  cluster = await startEtcdCluster();
  later(() => cluster.stop());
});
afterEach(cleanUp);

const TTL_MS = 3_000;

describe('a cluster of three', () => {
  it('has the instance all the time while the member it is asked through is stuck, killed and back, and while its leader is gone', async () => {
    const leader = await cluster.leader();
    const follower = cluster.members.find((member) => member !== leader)!;
    // The follower first: it is the one that is asked.
    const endpoints = [follower, ...cluster.members.filter((member) => member !== follower)].map(({ url }) => url);
    const { events, published } = await registeredOnEtcd({ endpoints }, { name: 'orders', ttl: `${TTL_MS}ms` });
    const seen = new Set<string>();
    const reader = rawEtcd(cluster.members.find((member) => member !== leader && member !== follower)!.url);
    const reading = setInterval(() => {
      reader.under('orders/').then(
        (keys) => seen.add(keys.map(({ key }) => key).join()),
        () => undefined,
      );
    }, 20);
    later(() => clearInterval(reading));
    /** Beats go on for longer than the entry would live without. */
    const outlived = async () => {
      const until = performance.now() + TTL_MS + 500;
      while (performance.now() < until) {
        events.clear();
        await events.next('beat', 20_000);
      }
    };
    follower.pause();
    await outlived();
    await follower.restart();
    await leader.kill();
    await outlived();
    expect([...seen]).toEqual([published]);
  });
});
