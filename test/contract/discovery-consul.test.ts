import { afterAll, describe, expect, inject } from 'vitest';
import { consul } from '../../src/backends/consul/consul-registry.js';
import { systemClock } from '../../src/core/clock.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { itKeepsTheDiscoveryContract } from './run-contract.js';

const url = inject('consulUrl');
const raw = rawConsul(url);
afterAll(() => raw.close());

describe('the readers of Consul', () => {
  itKeepsTheDiscoveryContract(() => ({
    registry: consul({ endpoints: [url] }),
    ttlMs: 2_000,
    beatsKnowTheirOwner: false,
    advance: (ms) => systemClock.sleep(ms),
    forget: async ({ id }) => {
      expect((await raw.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`)).status).toBe(200);
    },
  }));
});
