import type { RegistryFactories } from '../registry/registry-factories.js';

/** How a worker thread makes the registries that come with the package. */
export const builtInRegistries: RegistryFactories = {
  consul: async () => (await import('./consul.js')).consul,
  etcd: async () => (await import('../backends/etcd/etcd-registry.js')).etcd,
  fallback: async () => (await import('../registry/fallback.js')).fallback,
  file: async () => (await import('../backends/file/file-registry.js')).file,
  nearest: async () => (await import('../registry/nearest.js')).nearest,
  redis: async () => (await import('../backends/redis/redis-registry.js')).redis,
};
