import { describe, expect, it } from 'vitest';
import { BatchWatcher } from '../../../src/heartbeat/batch-watcher.js';
import type { Registrar } from '../../../src/registrar.js';
import { chainOf } from '../../../src/registries/chain.js';
import { asGiven } from '../../../src/registries/ranking.js';
import { FakeClock } from '../../support/fake-clock.js';
import { recordEvents } from '../../support/record-events.js';
import { simulatedRegistrar } from '../../support/simulated-life.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';

const OPEN_FOR_MS = 30_000;
const INTERVAL_MS = 3_000;

/** A Registrar on two agents, as `consul({ endpoints })` makes them into one registry. */
function lifeOnTwo() {
  const clock = new FakeClock();
  const [first, second] = ['first', 'second'].map((name) => Object.assign(new SimulatedRegistry(clock), { name })) as [
    SimulatedRegistry,
    SimulatedRegistry,
  ];
  const patience = { failures: 3, outlastMs: 0, trialAfterMs: OPEN_FOR_MS, longestMs: OPEN_FOR_MS };
  const registry = chainOf([first, second], {
    name: 'agents',
    patience,
    forRegistration: asGiven,
    forReading: asGiven,
    clock,
  });
  const options = {
    id: 'orders-1',
    ttl: 3 * INTERVAL_MS,
    registry,
    shutdown: { drain: { min: 0, quiet: 0, max: 1 } },
  };
  const registrar = simulatedRegistrar(clock, options, { batchWatcher: new BatchWatcher() });
  return { clock, first, second, registry, registrar, events: recordEvents(registrar) };
}

async function registeredOnTwo() {
  const life = lifeOnTwo();
  void life.registrar.start();
  await life.clock.advance(5_000);
  expect(life.first.passing).toEqual(['orders-1']);
  return life;
}

const statesOf = ({ registrar }: { registrar: Registrar }) => registrar.status().members.map(({ state }) => state);

describe('the breaker of an agent', () => {
  it('opens at the third failure in a row, which moves the registration, and tells it', async () => {
    const life = await registeredOnTwo();
    const { clock, first, second, events } = life;
    first.down = true;
    await clock.advance(INTERVAL_MS + 1_000);
    expect(events.of('beatMissed')).toHaveLength(2);
    expect(second.passing).toEqual(['orders-1']);
    expect(statesOf(life)).toEqual(['out', 'good']);
    expect(events.of('member')).toMatchObject([{ name: 'first', state: 'out' }]);
  });

  it('lets one trial through when its time is over, and closes when that succeeds', async () => {
    const life = await registeredOnTwo();
    const { clock, first, second, events } = life;
    first.forget();
    first.down = true;
    await clock.advance(INTERVAL_MS + 1_000);
    await clock.advance(12_000);
    const before = first.requests.length;
    first.down = false;
    await clock.advance(10_000);
    // Every beat asks it, and has it remove what may have stayed there once it answers, until it has.
    const clearing = ['read', 'remove', 'read'];
    expect(first.requests.slice(before).map(({ verb }) => verb)).toEqual([...clearing, ...clearing]);
    expect(first.entries.size).toBe(0);
    await clock.advance(10_000);
    expect(first.passing).toEqual(['orders-1']);
    expect(second.entries.size).toBe(0);
    expect(events.of('member').map(({ state }) => state)).toEqual(['out', 'good']);
    expect(events.of('failedBack')).toHaveLength(1);
  });

  it('never delays what the last agent is asked for', async () => {
    const life = await registeredOnTwo();
    const { clock, first, second, registrar } = life;
    first.down = true;
    second.down = true;
    await clock.advance(60_000);
    expect(statesOf(life)).toEqual(['out', 'out']);
    second.down = false;
    await clock.advance(1_000);
    expect(second.passing).toEqual(['orders-1']);
    expect(registrar.state).toBe('registered');
  });

  it('does not keep asking an agent that hangs while the other one is back', async () => {
    const { clock, first, second, registrar } = lifeOnTwo();
    first.pause();
    second.down = true;
    void registrar.start();
    await clock.advance(60_000);
    expect(registrar.state).toBe('recovering');
    second.down = false;
    await clock.advance(6_000);
    expect(second.passing).toEqual(['orders-1']);
  });

  it('never delays leaving, and closes when that is answered', async () => {
    const life = await registeredOnTwo();
    const { clock, first, second, registrar } = life;
    first.down = true;
    second.down = true;
    await clock.advance(10_000);
    void registrar.deregister();
    await clock.advance(200);
    expect(statesOf(life)[0]).toBe('out');
    first.down = false;
    await clock.advance(200);
    expect(first.entries.size).toBe(0);
    expect(statesOf(life)[0]).toBe('good');
  });

  it('refuses reads while no agent answers, and not for longer', async () => {
    const { clock, first, second, registry } = await registeredOnTwo();
    const { signal } = new AbortController();
    const read = async () => {
      const reading = registry.discovery?.poll('orders', undefined, signal).then(
        ({ instances }) => instances.length,
        (error: unknown) => (error as { code: string }).code,
      );
      const before = first.requests.length + second.requests.length;
      await clock.advance(1);
      await clock.advance(4);
      return { outcome: await reading, asked: first.requests.length + second.requests.length > before };
    };
    first.down = true;
    second.down = true;
    await clock.advance(10_000);
    expect((await read()).outcome).toBe('ROLLCALL_CIRCUIT_OPEN');
    first.down = false;
    await clock.advance(2_000);
    expect(await read()).toEqual({ outcome: 1, asked: true });
  });
});

describe('an entry left on an agent that was given up', () => {
  it('goes at the first beat after that one answers, without a wait for the trial', async () => {
    const { clock, first, second } = await registeredOnTwo();
    first.down = true;
    await clock.advance(INTERVAL_MS + 1_000);
    expect(second.passing).toEqual(['orders-1']);
    first.down = false;
    await clock.advance(INTERVAL_MS + 100);
    expect(first.entries.size).toBe(0);
    expect(second.passing).toEqual(['orders-1']);
  });

  it('is left alone when it has become a successor’s', async () => {
    const { clock, first, second, registrar } = await registeredOnTwo();
    first.down = true;
    await clock.advance(INTERVAL_MS + 1_000);
    const entry = first.entries.get('orders-1')!;
    first.entries.set('orders-1', { ...entry, instance: { ...entry.instance, nonce: 'successor', port: 4000 } });
    first.down = false;
    await clock.advance(60_000);
    expect(first.entries.get('orders-1')?.instance.nonce).toBe('successor');
    expect(second.passing).toEqual(['orders-1']);
    void registrar.stop();
    await clock.advance(5_000);
    expect([first.entries.size, second.entries.size]).toEqual([1, 0]);
  });
});
