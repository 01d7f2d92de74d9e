import { describe, expect, it } from 'vitest';
import type { ComponentOptions } from '../../../src/config/options.js';
import { simulatedLife } from '../../support/simulated-life.js';

/** An instance with this component, run every second. */
function lifeWith(component: ComponentOptions, ready?: () => boolean) {
  return simulatedLife({ health: { components: { db: { interval: '1s', ...component } } }, ...(ready && { ready }) });
}

const renewals = ({ registry }: ReturnType<typeof simulatedLife>) =>
  registry.requests.filter(({ verb }) => verb === 'renew').map(({ at }) => at);

describe('the health of a Registrar', () => {
  it('is critical until the gate opens, and from then on what its components say', async () => {
    let open = false;
    const { clock, registrar, told } = lifeWith({ run: () => false }, () => open);
    void registrar.start();
    await clock.advance(600);
    expect(registrar.health).toMatchObject({ status: 'critical', reason: 'not ready yet', degraded: false });
    expect(told('health')).toEqual([]);
    open = true;
    await clock.advance(600);
    expect(told('health')).toMatchObject([{ status: 'passing', reason: 'degraded: db failed', degraded: true }]);
    expect(registrar.status().health).toBe(registrar.health);
  });

  it('is true in the first beat: it waits for components that readers of the registry see', async () => {
    let answer: (value: unknown) => void = () => undefined;
    const life = lifeWith({
      run: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
      onFail: 'critical',
      timeout: '1s',
    });
    void life.registrar.start();
    await life.clock.advance(500);
    expect(life.registry.requests.filter(({ verb }) => verb === 'register')).toEqual([]);
    answer({ status: 'critical' });
    await life.clock.advance(20);
    expect([life.registrar.state, life.registry.passing, life.told('beat')[0]?.status]).toEqual([
      'registered',
      [],
      'critical',
    ]);
  });

  it('beats at once when it changes, and passes in the registry while degraded', async () => {
    let fails = false;
    const life = lifeWith({ run: () => !fails });
    void life.registrar.start();
    await life.clock.advance(100);
    const before = renewals(life).length;
    fails = true;
    await life.clock.advance(950);
    expect(renewals(life).slice(before)).toEqual([1_000]);
    expect(life.registry.passing).toHaveLength(1);
  });

  it('takes the instance out and brings it back as a critical component fails and recovers', async () => {
    let fails = false;
    const life = lifeWith({ run: () => !fails, failures: 3, onFail: 'critical' });
    void life.registrar.start();
    await life.clock.advance(100);
    expect(life.registry.passing).toHaveLength(1);
    fails = true;
    await life.clock.advance(2_850);
    expect(life.registry.passing).toHaveLength(1);
    await life.clock.advance(100);
    expect(life.registry.passing).toEqual([]);
    fails = false;
    await life.clock.advance(1_000);
    expect(life.registry.passing).toHaveLength(1);
    expect(life.told('component').map(({ reason, effect }) => [reason, effect])).toEqual([
      ['ok', 'none'],
      ['failed', 'critical'],
      ['ok', 'none'],
    ]);
  });

  it('can be pushed, before the start too', async () => {
    const life = simulatedLife();
    life.registrar.report('kafka', 'critical', 'lag 90 s');
    void life.registrar.start();
    await life.clock.advance(100);
    expect(life.registry.passing).toEqual([]);
    life.registrar.report('kafka', 'passing');
    await life.clock.advance(300);
    expect(life.registry.passing).toHaveLength(1);
  });

  it('guards calls', async () => {
    const { clock, registrar } = lifeWith({ run: () => false, onFail: 'break' });
    void registrar.start();
    await clock.advance(100);
    await expect(registrar.guard('db', () => 1)).rejects.toMatchObject({ code: 'ROLLCALL_CIRCUIT_OPEN' });
  });

  it('is looked at no more after a stop', async () => {
    let runs = 0;
    const { clock, registrar } = lifeWith({
      run: () => {
        runs += 1;
      },
    });
    void registrar.start();
    await clock.advance(100);
    void registrar.stop();
    await clock.advance(40_000);
    expect([registrar.state, runs, clock.pending]).toEqual(['stopped', 1, 0]);
  });
});

it('says the three classical rows as they stand: degraded, out after three failures, broken circuit', async () => {
  const hang = () => new Promise(() => undefined);
  const life = simulatedLife({
    ttl: '60s',
    health: {
      components: {
        db: { run: hang, interval: '5s', timeout: '1s' },
        redis: { run: hang, interval: '10s', timeout: '500ms', failures: 3, onFail: 'critical' },
        payments: { run: hang, interval: '30s', timeout: '2s', onFail: 'break' },
      },
    },
  });
  const { clock, registrar, registry } = life;
  void registrar.start();
  await clock.advance(400);
  await clock.advance(700);
  expect(registrar.health.reason).toBe('degraded: db timeout');
  await clock.advance(1_500);
  expect(registrar.health.reason).toBe('degraded: db timeout, payments open');
  await expect(registrar.guard('payments', () => 'called')).rejects.toMatchObject({ code: 'ROLLCALL_CIRCUIT_OPEN' });
  await clock.advance(8_000);
  expect(registry.passing).toHaveLength(1);
  await clock.advance(10_000);
  expect([registrar.health.reason, registry.passing]).toEqual(['critical: redis hung, db timeout, payments open', []]);
});
