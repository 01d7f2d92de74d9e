import { createClient } from '@redis/client';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { redis } from '../../src/backends/redis/redis-registry.js';
import { MASTER_NAME, startRedisSentinels } from '../support/servers/redis-server.js';
import type { RedisSentinels } from '../support/servers/redis-server.js';
import { forgetBy, onRedis, redisHarnesses } from './harness-on-redis.js';
import { itKeepsTheContract, noFaults, noPrepare, noPushes } from './run-contract.js';

describe('the redis registry', () => {
  let harnesses: Awaited<ReturnType<typeof redisHarnesses>>;
  beforeAll(async () => {
    harnesses = await redisHarnesses(inject('redisUrl'));
  });
  afterAll(() => harnesses.close());

  itKeepsTheContract(() => harnesses.make(), [...noPushes, noPrepare]);
});

describe('the redis registry on a client of node-redis', () => {
  const client = createClient({ url: inject('redisUrl') });
  beforeAll(async () => {
    await client.connect();
  });
  afterAll(() => {
    client.destroy();
  });

  itKeepsTheContract(
    () => ({ ...onRedis, registry: redis({ client }), forget: forgetBy(client) }),
    [...noPushes, ...noFaults, noPrepare],
  );
});

describe('the redis registry on a client of ioredis', () => {
  const client = new Redis(inject('redisUrl'));
  afterAll(() => {
    client.disconnect();
  });

  itKeepsTheContract(
    () => ({ ...onRedis, registry: redis({ client }), forget: forgetBy(client) }),
    [...noPushes, ...noFaults, noPrepare],
  );
});

describe('the redis registry through Sentinels', () => {
  let group: RedisSentinels;
  let raw: Redis;
  beforeAll(async () => {
    group = await startRedisSentinels();
    raw = new Redis({ sentinels: group.sentinels.map(({ port }) => ({ host: '127.0.0.1', port })), name: MASTER_NAME });
  });
  afterAll(async () => {
    raw.disconnect();
    await group.stop();
  });

  itKeepsTheContract(
    () => ({
      ...onRedis,
      registry: redis({ sentinels: group.sentinels.map(({ port }) => `127.0.0.1:${port}`), name: MASTER_NAME }),
      forget: forgetBy(raw),
    }),
    [...noPushes, ...noFaults, noPrepare],
  );
});
