import type { RegistryFactories } from '../contracts/registry-factories.js';

/** Loads the factories of the built-in registries, by kind. A worker thread rebuilds its registry with them. */
export const builtInRegistries: RegistryFactories = {
  consul: async () => (await import('./consul/consul-agents.js')).consul,
  etcd: async () => (await import('./etcd/etcd-registry.js')).etcd,
  fallback: async () => (await import('../registries/fallback.js')).fallback,
  file: async () => (await import('./file/file-registry.js')).file,
  nearest: async () => (await import('../registries/nearest.js')).nearest,
  redis: async () => (await import('./redis/redis-registry.js')).redis,
};
