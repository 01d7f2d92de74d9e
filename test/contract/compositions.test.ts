import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { file } from '../../src/backends/file/file-registry.js';
import { consul } from '../../src/backends/consul/consul-registry.js';
import { memory } from '../../src/backends/memory/memory-registry.js';
import { fallback } from '../../src/registries/fallback.js';
import { nearest } from '../../src/registries/nearest.js';
import { startFaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import type { FaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';
import { FakeClock } from '../support/fake-clock.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { freePorts } from '../support/servers/free-ports.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { redisHarnesses } from './harness-on-redis.js';
import { itKeepsTheContract, noFaults, noPushes, noShortcuts, readersPoll } from './run-contract.js';
import { fallbackOn } from '../../src/registries/fallback.js';

const url = inject('consulUrl');
const raw = rawConsul(url);
afterAll(() => raw.close());

const onConsul: Pick<ContractHarness, 'ttlMs' | 'beatsKnowTheirOwner' | 'advance' | 'forget'> = {
  ttlMs: 1_000,
  beatsKnowTheirOwner: false,
  advance: (ms) => systemClock.sleep(ms),
  forget: async ({ id }) => {
    expect((await raw.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`)).status).toBe(200);
  },
};

describe('a fallback chain on its first registry', () => {
  itKeepsTheContract(
    () => ({ ...onConsul, registry: fallback([consul({ endpoints: [url] }), memory()]) }),
    [readersPoll, ...noFaults, ...noShortcuts],
  );
});

describe('a fallback chain whose first registry is down', () => {
  itKeepsTheContract(async () => {
    const [nobody = 0] = await freePorts(1);
    return {
      ...onConsul,
      registry: fallback([consul({ endpoints: [`http://127.0.0.1:${nobody}`] }), consul({ endpoints: [url] })], {
        patience: 0,
      }),
    };
  }, [readersPoll, ...noFaults, ...noShortcuts]);
});

describe('a fallback chain of Redis and a file', () => {
  let harnesses: Awaited<ReturnType<typeof redisHarnesses>>;
  let dir: string;
  beforeAll(async () => {
    harnesses = await redisHarnesses(inject('redisUrl'));
    dir = await mkdtemp(join(tmpdir(), 'rollcall-contract-'));
  });
  afterAll(async () => {
    await harnesses.close();
    await rm(dir, { recursive: true });
  });

  itKeepsTheContract(async () => {
    const harness = await harnesses.make();
    // A patience of its own: with the suite's short TTL, a slow Redis would be passed over at once.
    return { ...harness, registry: fallback([harness.registry, file({ dir })], { patience: '5s' }) };
  }, [...noPushes, ...noShortcuts]);
});

describe('a fallback chain of two that forget by the injected clock', () => {
  itKeepsTheContract(() => {
    const clock = new FakeClock();
    const first = memory({ clock });
    return {
      registry: fallbackOn(clock, [first, memory({ clock })]),
      ttlMs: 10_000,
      beatsKnowTheirOwner: true,
      advance: (ms) => clock.advance(ms),
      forget: ({ name, id }) => first.remove({ name, id }, new AbortController().signal),
    };
  }, [...noPushes, ...noFaults, ...noShortcuts]);
});

describe('the nearest of two registries', () => {
  let other: ConsulServer;
  let far: FaultProxy;
  beforeAll(async () => {
    other = await startConsul();
    far = await startFaultProxy({ target: { host: '127.0.0.1', port: Number(new URL(other.url).port) } });
    await far.delay({ answerMs: 300 });
  });
  afterAll(async () => {
    await far.close();
    await other.stop();
  });

  itKeepsTheContract(
    () => ({
      ...onConsul,
      registry: nearest([consul({ endpoints: [url] }), consul({ endpoints: [far.url] })], { register: true }),
    }),
    [...noFaults, ...noShortcuts],
  );
});
