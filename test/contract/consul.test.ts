import { afterAll, beforeAll, describe, expect, inject } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { consul } from '../../src/backends/consul/consul-registry.js';
import type { ContractHarness } from '../../src/testing/registry-contract.js';
import type { FaultProxy } from '../../src/testing/fault-proxy.js';
import { startNewerConsul } from '../support/newer-consul.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { itKeepsTheContract } from './run-contract.js';

const raw = rawConsul(inject('consulUrl'));

function harnessOn(url: string): ContractHarness {
  return {
    registry: consul({ endpoints: [url] }),
    ttlMs: 1_000,
    // The agent's heartbeat knows a check id and nothing else.
    beatsKnowTheirOwner: false,
    advance: (ms) => systemClock.sleep(ms),
    forget: async ({ id }) => {
      const { status } = await raw.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`);
      expect(status).toBe(200);
    },
  };
}

afterAll(() => raw.close());

describe('the consul registry on Consul 1.8', () => {
  itKeepsTheContract(() => harnessOn(inject('consulUrl')));
});

describe('the consul registry on the answers of newer Consul', () => {
  let proxy: FaultProxy;
  beforeAll(async () => {
    proxy = await startNewerConsul(inject('consulUrl'));
  });
  afterAll(() => proxy.close());

  itKeepsTheContract(() => harnessOn(`http://127.0.0.1:${proxy.port}`));
});
