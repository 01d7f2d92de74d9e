import { describe, expect, it } from 'vitest';
import type { RegistrarOptions } from '../../../src/config/options.js';
import type { SimulatedLife } from '../../support/simulated-life.js';
import { simulatedLife } from '../../support/simulated-life.js';

async function running(options: Partial<RegistrarOptions> = {}): Promise<SimulatedLife> {
  const life = simulatedLife({ id: 'orders-1', ...options });
  void life.registrar.start();
  await life.clock.advance(1_000);
  return life;
}

const active = ({ registry }: SimulatedLife) => registry.entries.get('orders-1');

describe('maintenance of our own', () => {
  it('is out of traffic at once and back as soon as it is lifted, still registered all the while', async () => {
    const life = await running();
    const { clock, registry, registrar, told } = life;
    const on = registrar.maintenance(true, 'new disks');
    await clock.advance(50);
    await on;
    expect(active(life)).toMatchObject({ status: 'maintenance', maintenance: 'rollcall: new disks' });
    expect([registrar.state, registrar.health.status, registry.passing]).toEqual(['registered', 'maintenance', []]);
    await clock.advance(60_000);
    expect(registry.passing).toEqual([]);
    const off = registrar.maintenance(false);
    await clock.advance(50);
    await off;
    expect([active(life)?.maintenance, registry.passing]).toEqual([undefined, ['orders-1']]);
    expect(told('maintenance')).toEqual([
      { on: true, reason: 'rollcall: new disks' },
      { on: false, reason: 'ok' },
    ]);
    expect(told('lost')).toEqual([]);
  });

  it('is written once, not at every beat', async () => {
    const life = await running();
    void life.registrar.maintenance(true);
    await life.clock.advance(600_000);
    expect(life.registry.requests.filter(({ verb }) => verb === 'maintain')).toHaveLength(1);
  });

  it('is kept over a recovery, and no pass comes before it', async () => {
    const life = await running();
    const { clock, registry, registrar, told } = life;
    void registrar.maintenance(true, 'new disks');
    await clock.advance(50);
    const passing: string[] = [];
    registry.onChange = () => passing.push(...registry.passing);
    registry.forget();
    await clock.advance(20_000);
    expect(told('recovered')).toHaveLength(1);
    expect([active(life)?.maintenance, passing]).toEqual(['rollcall: new disks', []]);
    const off = registrar.maintenance(false);
    await clock.advance(50);
    await off;
    expect(registry.passing).toEqual(['orders-1']);
  });

  it('that is asked for before the instance is registered is there from the start', async () => {
    const life = simulatedLife({ id: 'orders-1' });
    await life.registrar.maintenance(true, 'canary');
    const passing: string[] = [];
    life.registry.onChange = () => passing.push(...life.registry.passing);
    void life.registrar.start();
    await life.clock.advance(10_000);
    expect([active(life)?.maintenance, passing, life.registrar.state]).toEqual(['rollcall: canary', [], 'registered']);
  });

  it('waits for the registry when that is down, and the last wish counts', async () => {
    const life = await running();
    const { clock, registry, registrar } = life;
    registry.down = true;
    const first = registrar.maintenance(true, 'new disks');
    const second = registrar.maintenance(false);
    const third = registrar.maintenance(true, 'newer disks');
    await clock.advance(1_000);
    registry.down = false;
    await clock.advance(5_000);
    await Promise.all([first, second, third]);
    expect(active(life)?.maintenance).toBe('rollcall: newer disks');
  });

  it('takes out of traffic by the heartbeat alone where the registry knows no maintenance', async () => {
    const life = simulatedLife({ id: 'orders-1' });
    const { clock, registry, registrar } = life;
    Object.assign(registry, { maintain: undefined });
    void registrar.start();
    await clock.advance(1_000);
    const on = registrar.maintenance(true);
    await clock.advance(50);
    await on;
    expect([active(life)?.maintenance, registry.passing]).toEqual([undefined, []]);
    const off = registrar.maintenance(false);
    await clock.advance(50);
    await off;
    expect(registry.passing).toEqual(['orders-1']);
  });

  it('is refused after a stop, and one on its way ends with it', async () => {
    const { clock, registry, registrar } = await running();
    registry.down = true;
    const late = expect(registrar.maintenance(true)).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
    void registrar.stop();
    await clock.advance(30_000);
    await late;
    await expect(registrar.maintenance(true)).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
  });
});

describe("an operator's maintenance", () => {
  it('is neither replaced nor lifted by ours', async () => {
    const life = await running();
    const { clock, registrar } = life;
    active(life)!.maintenance = 'kernel upgrade';
    const on = registrar.maintenance(true, 'new disks');
    await clock.advance(50);
    await on;
    const off = registrar.maintenance(false);
    await clock.advance(10_000);
    await off;
    expect(active(life)?.maintenance).toBe('kernel upgrade');
  });
});

describe('a maintenance of ours that a former life left', () => {
  const former = {
    name: 'orders',
    id: 'orders-1',
    address: '10.0.0.1',
    port: 3000,
    tags: [],
    meta: {},
    nonce: 'old',
    ttlMs: 9_000,
    checks: [],
  };

  it.each([
    ['in its slot', {}],
    ['in another slot, once its TTL has run out', { port: 4000 }],
  ])('%s is lifted when the next is ready, and not before', async (_, place) => {
    let open = false;
    const life = simulatedLife({ id: 'orders-1', ready: () => open });
    const { clock, registry, registrar } = life;
    registry.probeStatus = 'critical';
    registry.entries.set('orders-1', {
      instance: { ...former, ...place, checks: [{ kind: 'tcp', target: 'a:1', intervalMs: 1, timeoutMs: 1 }] },
      status: 'critical',
      beatAt: -9_000,
      maintenance: 'rollcall: stopped',
    });
    void registrar.start();
    await clock.advance(5_000);
    expect(active(life)?.maintenance).toBe('rollcall: stopped');
    open = true;
    await clock.advance(20_000);
    expect([registrar.state, active(life)?.maintenance, registry.passing]).toEqual([
      'registered',
      undefined,
      ['orders-1'],
    ]);
  });
});

describe('shutdown.policy', () => {
  const shutdown = { drain: { min: 0, quiet: 0, max: '15s' } } as const;

  it.each([
    ['maintenance', { maintenance: 'rollcall: stopped' }],
    ['critical', { status: 'critical', maintenance: undefined }],
  ] as const)('%s leaves the entry out of traffic, seen to be so before the stop goes on', async (policy, left) => {
    const life = await running({ shutdown: { ...shutdown, policy } });
    const { clock, registry, registrar, told } = life;
    const stopped = registrar.stop();
    await clock.advance(1_000);
    await stopped;
    expect(active(life)).toMatchObject(left);
    expect(registry.passing).toEqual([]);
    expect(told('deregistered')).toMatchObject([{ policy, confirmed: true }]);
    expect(told('stopped')).toMatchObject([{ errors: [] }]);
  });

  it('leave asks nothing of the registry, and serves on until the TTL has run out', async () => {
    const life = await running({ shutdown: { ...shutdown, policy: 'leave' } });
    const { clock, registry, registrar, told } = life;
    const asked = registry.requests.length;
    const stopped = registrar.stop();
    await clock.advance(8_000);
    expect(registrar.state).toBe('draining');
    await clock.advance(4_000);
    await stopped;
    expect(registry.requests).toHaveLength(asked);
    expect(active(life)).toMatchObject({ status: 'passing' });
    expect(told('deregistered')).toMatchObject([{ policy: 'leave', confirmed: false }]);
    expect(told('stopped')).toMatchObject([{ errors: [] }]);
  });

  it('critical is said again after a beat that was on the wire has passed it', async () => {
    const life = await running({ shutdown: { ...shutdown, policy: 'critical' } });
    const { clock, registry, registrar } = life;
    registry.pause();
    await clock.advance(3_000);
    const stopped = registrar.stop();
    await clock.advance(100);
    let workOff = 0;
    registry.resume(() => (workOff = 700 - workOff));
    await clock.advance(15_000);
    await stopped;
    expect(registry.passing).toEqual([]);
    expect(active(life)?.status).toBe('critical');
  });

  it('never touches the entry of a successor', async () => {
    const life = await running({ shutdown: { ...shutdown, policy: 'critical' } });
    const { clock, registrar } = life;
    const { instance } = active(life)!;
    const stopped = registrar.stop();
    life.registry.entries.set('orders-1', {
      instance: { ...instance, nonce: 'new', ttlMs: 60_000 },
      status: 'passing',
      beatAt: clock.now(),
      maintenance: undefined,
    });
    await clock.advance(15_000);
    await stopped;
    expect(life.registry.passing).toEqual(['orders-1']);
  });

  it.each([
    ['deregister', 60_000],
    ['maintenance', undefined],
    ['critical', undefined],
    ['leave', undefined],
  ] as const)('%s has the registry reap a critical entry after %s ms', async (policy, afterMs) => {
    const life = await running({ shutdown: { policy } });
    expect(active(life)?.instance.deregisterCriticalAfterMs).toBe(afterMs);
  });

  it('leave is doubted where serving on would end before the TTL', () => {
    const doubts = (ttl: string) => simulatedLife({ ttl, shutdown: { policy: 'leave' } }).registrar.status().notes;
    expect(doubts('10s')).toEqual([]);
    expect(doubts('30s')).toEqual([expect.stringContaining('set shutdown.drain.max (15s) to 32s or more')]);
  });
});
