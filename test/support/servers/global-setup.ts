import type { TestProject } from 'vitest/node';
import { startConsul } from './consul-server.js';
import { startEtcd } from './etcd-server.js';
import { startRedis } from './redis-server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** HTTP API of the dev agent that all files share: use names of your own there, and start another one to mistreat. */
    consulUrl: string;
    /** The etcd that all files share, likewise. */
    etcdUrl: string;
    /** The Redis that all files share, likewise. */
    redisUrl: string;
  }
}

/** One server a kind for all files that do not mistreat it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [consul, etcd, redis] = await Promise.all([startConsul(), startEtcd(), startRedis()]);
  project.provide('consulUrl', consul.url);
  project.provide('etcdUrl', etcd.url);
  project.provide('redisUrl', redis.url);
  return async () => {
    await Promise.all([consul.stop(), etcd.stop(), redis.stop()]);
  };
}
