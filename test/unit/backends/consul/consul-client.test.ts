import { expect, it, vi } from 'vitest';
import { consul } from '../../../../src/backends/consul/consul-registry.js';

vi.mock('consul', () => {
  throw new Error('Dynamic require of "events" is not supported');
});

it('says that its package does not load, and does not suspect the agent', async () => {
  const { signal } = new AbortController();
  const reading = consul({ endpoints: ['http://127.0.0.1:9'] }).read({ name: 'orders', id: 'orders-1' }, signal);
  await expect(reading).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE', operation: 'read' });
  await expect(reading).rejects.toThrow(/^The Consul client did not load/);
  await expect(reading).rejects.not.toThrow(/agent/);
});
