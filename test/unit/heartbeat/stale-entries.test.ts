import { expect, it } from 'vitest';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

const old: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  address: '10.0.0.1',
  port: 3000,
  tags: [],
  meta: {},
  nonce: 'old',
  ttlMs: 9_000,
  checks: [{ kind: 'tcp', target: '10.0.0.1:3000', intervalMs: 1_000, timeoutMs: 1_000 }],
};

function leave(life: SimulatedLife, overrides: Partial<ServiceInstance>): void {
  const instance = { ...old, ...overrides };
  life.registry.entries.set(instance.id, {
    instance,
    status: 'passing',
    beatAt: life.clock.now(),
    maintenance: undefined,
  });
}

it('takes our past self out of traffic before the gate opens', async () => {
  const life = simulatedLife({ id: 'orders-1', ready: () => false });
  leave(life, {});
  void life.registrar.start();
  await life.clock.advance(50);
  expect([...life.registry.entries.keys()]).toEqual([]);
});

it('leaves an entry of another place alone', async () => {
  const life = simulatedLife({ id: 'orders-1', ready: () => false });
  leave(life, { address: '10.0.0.2' });
  void life.registrar.start();
  await life.clock.advance(50);
  expect([...life.registry.entries.keys()]).toEqual(['orders-1']);
});

it.each([
  ['removes', 'critical', ['orders-1']],
  ['keeps', 'passing', ['old-scheme', 'orders-1']],
] as const)('%s what our slot left under an older id when its checks are %s', async (_does, probeStatus, kept) => {
  const life = simulatedLife({ id: 'orders-1' });
  life.registry.probeStatus = probeStatus;
  leave(life, { id: 'old-scheme' });
  void life.registrar.start();
  await life.clock.advance(50);
  expect([...life.registry.entries.keys()]).toEqual(kept);
});

it('keeps what our slot holds under another id when it has no check at all', async () => {
  const life = simulatedLife({ id: 'orders-1' });
  leave(life, { id: 'unchecked', checks: [] });
  const read = life.registry.read.bind(life.registry);
  // The simulated registry always has the check that heartbeats feed.
  life.registry.read = async (key, signal) => {
    const entry = await read(key, signal);
    return entry && key.id === 'unchecked' ? { ...entry, checks: [] } : entry;
  };
  void life.registrar.start();
  await life.clock.advance(50);
  expect([...life.registry.entries.keys()]).toEqual(['unchecked', 'orders-1']);
});
