import { describe, expect, it } from 'vitest';
import { RegistryDeniedError } from '../../../src/core/errors.js';
import type { RegistrarOptions } from '../../../src/config/options.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

async function running(options: Partial<RegistrarOptions> = {}): Promise<SimulatedLife> {
  const life = simulatedLife({ id: 'orders-1', ...options });
  void life.registrar.start();
  await life.clock.advance(1_000);
  expect(life.registrar.state).toBe('registered');
  return life;
}

const writes = ({ registry }: SimulatedLife) => registry.requests.filter(({ verb }) => verb === 'register').length;
const denied = () => new RegistryDeniedError('HTTP 403: ACL not found', { registry: 'simulated', operation: 'renew' });

describe('credentials that others have taken the place of', () => {
  it('have the entry written again at the next beat, once, and no beat is missed', async () => {
    const life = await running();
    life.registry.generation += 1;
    await life.clock.advance(60_000);
    expect(writes(life)).toBe(2);
    expect(life.told('rotated')).toEqual([{ holder: 'simulated' }]);
    expect([life.told('beatMissed'), life.told('lost'), life.registry.passing]).toEqual([[], [], ['orders-1']]);
  });

  it('leave the maintenance of an operator as it is', async () => {
    const life = await running();
    life.registry.entries.get('orders-1')!.maintenance = 'disk swap';
    life.registry.generation += 1;
    await life.clock.advance(10_000);
    expect(writes(life)).toBe(2);
    expect(life.registry.entries.get('orders-1')?.maintenance).toBe('disk swap');
  });

  it('are tried again when the entry could not be written', async () => {
    const life = await running();
    life.registry.generation += 1;
    life.registry.failures.set('register', [denied()]);
    await life.clock.advance(10_000);
    expect([life.told('rotated').length, life.told('lost')]).toEqual([1, []]);
  });

  it('have the entry written again before it is removed: under dead ones its readers would keep it', async () => {
    const life = await running({ shutdown: { drain: { min: 0, quiet: 0 } } });
    life.registry.generation += 1;
    const before = life.registry.requests.length;
    const stopped = life.registrar.stop();
    await life.clock.advance(5_000);
    await stopped;
    const verbs = life.registry.requests.slice(before).map(({ verb }) => verb);
    expect(verbs.filter((verb) => verb === 'register' || verb === 'remove')).toEqual(['register', 'remove']);
    expect(life.registry.entries.size).toBe(0);
  });
});

describe('a token that the registry refuses', () => {
  it('is a state of its own from the first refusal, told once, retried slowly, and over when it is good again', async () => {
    const life = await running();
    life.registry.failures.set('renew', Array.from({ length: 12 }, denied));
    await life.clock.advance(4_000);
    expect(life.registrar.state).toBe('recovering');
    expect(life.registrar.status().trouble).toEqual({
      code: 'ROLLCALL_REGISTRY_DENIED',
      message: 'HTTP 403: ACL not found',
    });
    const from = life.registry.requests.length;
    await life.clock.advance(10_000);
    expect(life.registry.requests.length - from).toBeLessThan(6);
    await life.clock.advance(60_000);
    expect(life.told('lost')).toMatchObject([{ cause: 'denied', error: { code: 'ROLLCALL_REGISTRY_DENIED' } }]);
    expect(life.told('recovered')).toMatchObject([{ cause: 'denied' }]);
    expect([life.registrar.state, life.registrar.status().trouble, life.registry.passing]).toEqual([
      'registered',
      undefined,
      ['orders-1'],
    ]);
  });
});
