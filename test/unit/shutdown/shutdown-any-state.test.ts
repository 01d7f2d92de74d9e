import { describe, expect, it } from 'vitest';
import { RegistryUnavailableError } from '../../../src/core/errors.js';
import type { ShutdownPolicy } from '../../../src/contracts/policies.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

/** A limiter before the registry refuses heartbeats, and nothing else. */
function refuseBeats({ registry }: SimulatedLife): void {
  registry.failures.set(
    'renew',
    Array.from({ length: 500 }, () => new RegistryUnavailableError('503: slow down')),
  );
}

async function recovering(policy: ShutdownPolicy = 'deregister'): Promise<SimulatedLife> {
  const life = simulatedLife({ shutdown: { policy } });
  void life.registrar.start();
  await life.clock.advance(1_000);
  refuseBeats(life);
  await life.clock.advance(25_000);
  expect(life.registrar.state).toBe('recovering');
  return life;
}

/** Stops, and resolves to what was sent for it. */
async function stop({ registry, registrar, clock }: SimulatedLife): Promise<readonly string[]> {
  const before = registry.requests.length;
  const stopped = registrar.stop();
  await clock.advance(30_000);
  await stopped;
  return registry.requests.slice(before).map(({ verb }) => verb);
}

describe('a stop long after the last accepted heartbeat', () => {
  it('deregisters, and looks', async () => {
    const life = await recovering();
    const sent = await stop(life);
    expect(sent).toContain('remove');
    expect(sent.slice(sent.indexOf('remove'))).toContain('read');
    expect(life.registry.entries.size).toBe(0);
    expect(life.told('deregistered')).toMatchObject([{ confirmed: true, listedForMs: 0 }]);
    expect(life.told('stopped')).toMatchObject([{ errors: [] }]);
  });

  it('sets maintenance under that policy', async () => {
    const life = await recovering('maintenance');
    const sent = await stop(life);
    expect(sent).toContain('maintain');
    expect([...life.registry.entries.values()]).toMatchObject([{ maintenance: 'rollcall: stopped' }]);
  });

  it('tries a critical heartbeat under that policy', async () => {
    const life = await recovering('critical');
    life.registry.failures.delete('renew');
    await stop(life);
    expect([...life.registry.entries.values()]).toMatchObject([{ status: 'critical' }]);
    expect(life.told('deregistered')).toMatchObject([{ confirmed: true }]);
  });

  it('sends nothing under `leave`', async () => {
    const life = await recovering('leave');
    expect(await stop(life)).toEqual([]);
  });

  it('tries although every heartbeat was lost in a registry that has just come back', async () => {
    const life = simulatedLife();
    void life.registrar.start();
    await life.clock.advance(1_000);
    life.registry.down = true;
    await life.clock.advance(25_000);
    life.registry.down = false;
    expect(await stop(life)).toContain('remove');
    expect(life.registry.entries.size).toBe(0);
  });

  it('counts as listed for a TTL where the registry hangs, since its last heartbeat may have arrived', async () => {
    const life = await recovering();
    life.registry.pause();
    const stopped = life.registrar.stop();
    await life.clock.advance(30_000);
    await stopped;
    expect(life.told('stopped')[0]!.tookMs).toBeLessThanOrEqual(9_000 + 2_000 + 100);
    expect(life.told('deregistered')).toMatchObject([{ confirmed: false }]);
  });

  it('tries after `recover: false` gave up', async () => {
    const life = simulatedLife({ recover: false });
    void life.registrar.start();
    await life.clock.advance(1_000);
    life.registry.forget();
    await life.clock.advance(20_000);
    expect(life.registrar.state).toBe('failed');
    expect(await stop(life)).toContain('remove');
  });
});
