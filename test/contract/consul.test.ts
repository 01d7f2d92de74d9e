import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { systemClock } from '../../src/core/clock.js';
import { consul } from '../../src/backends/consul/consul-registry.js';
import { startFaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import type { ContractHarness } from '../../src/integrations/testing/registry-contract.js';
import type { FaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import { startNewerConsul } from '../support/newer-consul.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { itKeepsTheContract, noShortcuts } from './run-contract.js';

let server: ConsulServer;
let raw: ReturnType<typeof rawConsul>;
beforeAll(async () => {
  server = await startConsul({ acl: true });
  raw = rawConsul(server.url, { ...(server.token !== undefined && { token: server.token }) });
});
afterAll(async () => {
  raw.close();
  await server.stop();
});

async function harnessOn(proxy: FaultProxy): Promise<ContractHarness> {
  await proxy.delay(0);
  let token = server.token ?? '';
  return {
    registry: consul({ endpoints: [`http://127.0.0.1:${proxy.port}`], token: () => token }),
    ttlMs: 1_000,
    // The agent's heartbeat knows a check id and nothing else.
    beatsKnowTheirOwner: false,
    advance: (ms) => systemClock.sleep(ms),
    forget: async ({ id }) => {
      const { status } = await raw.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`);
      expect(status).toBe(200);
    },
    delay: (answerMs) => proxy.delay({ answerMs }),
    revoke: async () => {
      token = randomUUID();
    },
  };
}

describe.each([
  ['Consul 1.8', () => startFaultProxy({ target: { host: '127.0.0.1', port: server.port } })],
  ['the answers of newer Consul', () => startNewerConsul(server.url)],
])('the consul registry on %s', (_, startProxy) => {
  let proxy: FaultProxy;
  beforeAll(async () => {
    proxy = await startProxy();
  });
  afterAll(() => proxy.close());

  itKeepsTheContract(() => harnessOn(proxy), noShortcuts);
});
