import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { consul, dns } from 'rollcall';
import type { DiscoveredInstance, Registry, ServiceInstance } from 'rollcall';
import { systemClock } from '../../src/core/clock.js';
import { discoveryContract } from '../../src/integrations/testing/discovery-contract.js';
import { rawConsul } from '../support/servers/raw-consul.js';

const url = inject('consulUrl');
const raw = rawConsul(url);
let server: string;
beforeAll(async () => {
  const self = (await raw.get('/v1/agent/self')).json<{ DebugConfig: { DNSPort: number } }>();
  server = `127.0.0.1:${self.DebugConfig.DNSPort}`;
});
afterAll(() => raw.close());

/** What DNS cannot tell: tags, meta, ids, a port that is missing, and those who fail. */
const cannotTell = [
  'finds a healthy instance, live and with its origin',
  'gives an instance without a port no origin',
  'leaves out an instance while it is critical',
  'selects by tags and by warning',
];

/** Registers with Consul and reads from its DNS, where an instance has its address for an id. */
function consulReadByDns(): Registry {
  const writer = consul({ endpoints: [url] });
  const reader = dns({ server });
  const byPort = new Map<number, ServiceInstance>();
  const known = (seen: DiscoveredInstance) => ({ ...seen, id: byPort.get(seen.port!)!.id });
  const discovery: Registry['discovery'] = {
    traits: reader.discovery!.traits,
    poll: async (...given) => {
      const listing = await reader.discovery!.poll(...given);
      return { ...listing, instances: listing.instances.map(known) };
    },
  };
  return {
    name: 'dns beside consul',
    traits: writer.traits,
    discovery,
    read: (key, signal) => writer.read(key, signal),
    register: (instance, report, signal) => {
      const port = 4_000 + byPort.size;
      byPort.set(port, instance);
      return writer.register({ ...instance, port }, report, signal);
    },
    remove: (key, signal) => writer.remove(key, signal),
    close: async () => {
      await writer.close();
      await reader.close();
    },
  };
}

describe.concurrent('the readers of DNS, as far as it tells', () => {
  const cases = discoveryContract.filter(({ name }) => !cannotTell.includes(name));

  it('leaves out what DNS cannot tell, and nothing else', () => {
    expect(cases).toHaveLength(discoveryContract.length - cannotTell.length);
  });

  it.each(cases)('$name', async ({ run }) => {
    const registry = consulReadByDns();
    try {
      const harness = {
        registry,
        ttlMs: 2_000,
        beatsKnowTheirOwner: false,
        advance: (ms: number) => systemClock.sleep(ms),
        forget: () => Promise.reject(new Error('no case of readers needs it')),
      };
      expect(await run(harness)).toBeUndefined();
    } finally {
      await registry.close();
    }
  });
});
