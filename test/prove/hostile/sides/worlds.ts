import type { Backend } from '../judge-hostile.js';
import type { StartWorld } from './side.js';

/** How the world of each backend starts. */
export const startWorlds: Readonly<Record<Backend, () => Promise<StartWorld>>> = {
  consul: async () => (await import('./consul-world.js')).startConsulWorld,
  etcd: async () => (await import('./etcd-world.js')).startEtcdWorld,
  redis: async () => (await import('./redis-world.js')).startRedisWorld,
  file: async () => (await import('./file-world.js')).startFileWorld,
};
