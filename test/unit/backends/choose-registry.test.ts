import { expect, it } from 'vitest';
import { chooseRegistry } from '../../../src/backends/choose-registry.js';
import { readServiceEnv } from '../../../src/config/env.js';
import { ConfigError } from '../../../src/core/errors.js';
import type { Registry } from '../../../src/contracts/registry.js';

const kindFor = async (env: Record<string, string>) => {
  const registry = chooseRegistry({}, readServiceEnv(env));
  await registry.close();
  return registry.name;
};

it('is Consul when nothing says otherwise', async () => {
  expect(await kindFor({})).toBe('consul');
});

it.each(['consul', 'etcd', 'redis', 'file', 'memory', 'dns'])('is what SERVICE_REGISTRY names: %s', async (kind) => {
  expect(await kindFor({ SERVICE_REGISTRY: kind })).toBe(kind);
});

it('is the option before anything else', () => {
  const registry = { name: 'mine' } as Registry;
  expect(chooseRegistry({ registry }, readServiceEnv({ SERVICE_REGISTRY: 'nonsense' }))).toBe(registry);
});

it('refuses a name that is no registry', () => {
  expect(() => chooseRegistry({}, readServiceEnv({ SERVICE_REGISTRY: 'zookeeper' }))).toThrow(ConfigError);
});
