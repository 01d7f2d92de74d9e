import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { file } from '../../src/backends/file/file-registry.js';
import { redis } from '../../src/backends/redis/redis-registry.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';
import { fallback } from '../../src/registries/fallback.js';
import { forgetBy, onRedis } from './harness-on-redis.js';
import { itKeepsTheDiscoveryContract } from './run-contract.js';

const url = inject('redisUrl');
const raw = createClient({ url });
beforeAll(async () => {
  await raw.connect();
});
afterAll(() => {
  raw.destroy();
});

const harness = (): ContractHarness => ({ ...onRedis, ttlMs: 2_000, registry: redis({ url }), forget: forgetBy(raw) });

describe('the readers of Redis', () => {
  itKeepsTheDiscoveryContract(harness);
});

describe('the readers of a chain of Redis and a file', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rollcall-contract-'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  itKeepsTheDiscoveryContract(() => {
    const first = harness();
    return { ...first, registry: fallback([first.registry, file({ dir })], { patience: '5s' }) };
  });
});
