import { etcd } from '../backends/etcd/etcd-registry.js';
import { file } from '../backends/file/file-registry.js';
import { memory } from '../backends/memory/memory-registry.js';
import { redis } from '../backends/redis/redis-registry.js';
import { ConfigError } from '../errors.js';
import type { Registry } from '../registry/registry.js';
import { consul } from './consul.js';
import { readServiceEnv } from './env.js';
import type { RegistryKind, ServiceEnv } from './env.js';
import type { RegistrarOptions } from './options.js';
import { registryProblem } from './registry-problem.js';

const factories: Readonly<Record<RegistryKind, () => Registry>> = {
  consul: () => consul(),
  etcd: () => etcd(),
  redis: () => redis(),
  file: () => file(),
  memory: () => memory(),
};

/** The registry to use: the option, else what `SERVICE_REGISTRY` names, else Consul. Throws `ConfigError` when the variable names none. */
export function chooseRegistry(options: Pick<RegistrarOptions, 'registry'>, env: ServiceEnv = readServiceEnv()): Registry {
  if (options.registry !== undefined) return options.registry;
  const problem = registryProblem(env);
  if (problem !== undefined) throw new ConfigError([problem]);
  return factories[(env.registry ?? 'consul') as RegistryKind]();
}
