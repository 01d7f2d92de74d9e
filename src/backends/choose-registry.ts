import { dns } from './dns/dns-registry.js';
import { etcd } from './etcd/etcd-registry.js';
import { file } from './file/file-registry.js';
import { memory } from './memory/memory-registry.js';
import { redis } from './redis/redis-registry.js';
import { ConfigError } from '../core/errors.js';
import type { Registry } from '../contracts/registry.js';
import { consul } from './consul/consul-agents.js';
import { readServiceEnv } from '../config/env.js';
import type { RegistryKind, ServiceEnv } from '../config/env.js';
import type { RegistrarOptions } from '../config/options.js';
import { registryKindIssue } from '../config/registry-kind.js';

const factories: Readonly<Record<RegistryKind, () => Registry>> = {
  consul: () => consul(),
  etcd: () => etcd(),
  redis: () => redis(),
  file: () => file(),
  memory: () => memory(),
  dns: () => dns(),
};

/**
 * Returns `options.registry`, else the registry that `SERVICE_REGISTRY` names, else Consul. Throws `ConfigError` if
 * the variable names no known registry.
 */
export function chooseRegistry(
  options: Pick<RegistrarOptions, 'registry'>,
  env: ServiceEnv = readServiceEnv(),
): Registry {
  if (options.registry !== undefined) return options.registry;
  const problem = registryKindIssue(env);
  if (problem !== undefined) throw new ConfigError([problem]);
  return factories[(env.registry ?? 'consul') as RegistryKind]();
}
