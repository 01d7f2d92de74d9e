import type { TestProject } from 'vitest/node';
import { startConsul } from './consul-server.js';
import { startEtcd } from './etcd-server.js';
import { startRedis } from './redis-server.js';
import { serversHere } from './server-versions.js';
import type { ConsulFacts, EtcdFacts, RedisFacts } from './server-versions.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** HTTP API of the dev agent that all files share: use names of your own there, and start another one to mistreat. */
    consulUrl: string;
    /** The etcd that all files share, likewise. */
    etcdUrl: string;
    /** The Redis that all files share, likewise. */
    redisUrl: string;
    /** What differs between versions, of the ones that are tested here. */
    consulFacts: ConsulFacts;
    etcdFacts: EtcdFacts;
    redisFacts: RedisFacts;
  }
}

/** One server a kind for all files that do not mistreat it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [consul, etcd, redis] = await Promise.all([startConsul(), startEtcd(), startRedis()]);
  project.provide('consulUrl', consul.url);
  project.provide('etcdUrl', etcd.url);
  project.provide('redisUrl', redis.url);
  project.provide('consulFacts', await serversHere.consul());
  project.provide('etcdFacts', await serversHere.etcd());
  project.provide('redisFacts', await serversHere.redis());
  return async () => {
    await Promise.all([consul.stop(), etcd.stop(), redis.stop()]);
  };
}
