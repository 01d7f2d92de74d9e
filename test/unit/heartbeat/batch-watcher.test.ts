import { describe, expect, it } from 'vitest';
import { Semaphore } from '../../../src/core/semaphore.js';
import { BatchWatcher } from '../../../src/heartbeat/batch-watcher.js';
import { BeatSlots } from '../../../src/heartbeat/beat-slots.js';
import { Signals } from '../../../src/shutdown/signals.js';
import { FakeClock } from '../../support/fake-clock.js';
import { recordEvents } from '../../support/record-events.js';
import { FakeProcess, simulatedRegistrar } from '../../support/simulated-life.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';

const TTL_MS = 60_000;

/** Registrars that share a registry, one of them with the only held poll; all are registered and have been looked for. */
async function fleet(count: number, hidesAll = false) {
  const clock = new FakeClock();
  const registry = Object.assign(new SimulatedRegistry(clock), { hidesAll });
  const shared = {
    signals: new Signals(new FakeProcess()),
    slots: new BeatSlots(() => 0.5),
    polls: new Semaphore(1),
    batchWatcher: new BatchWatcher(),
  };
  const drain = { min: 0, quiet: 0, max: 1 };
  const registrars = Array.from({ length: count }, (_, index) =>
    simulatedRegistrar(clock, { id: `orders-${index}`, ttl: TTL_MS, registry, shutdown: { drain } }, shared),
  );
  const events = registrars.map((registrar) => recordEvents(registrar));
  for (const registrar of registrars) void registrar.start();
  await clock.advance(1_500);
  const looksIn = async (ms: number) => {
    const before = registry.requests.length;
    await clock.advance(ms);
    return registry.requests.slice(before).filter(({ verb }) => verb === 'list').length;
  };
  const lost = () => events.flatMap((record, index) => record.of('lost').map(() => index));
  return { clock, registry, registrars, looksIn, lost };
}

describe('Registrars without a held poll', () => {
  it('share one look a second', async () => {
    const { looksIn } = await fleet(20);
    expect(await looksIn(10_000)).toBe(10);
  });

  it('notice a loss long before their next heartbeat', async () => {
    const { clock, registry, lost } = await fleet(5);
    registry.entries.delete('orders-3');
    await clock.advance(1_100);
    expect(lost()).toEqual([3]);
    expect(registry.passing).toContain('orders-3');
  });

  it('notice that something else has taken their place', async () => {
    const { clock, registry, lost } = await fleet(3);
    const entry = registry.entries.get('orders-2')!;
    registry.entries.set('orders-2', { ...entry, instance: { ...entry.instance, nonce: 'another', port: 4000 } });
    await clock.advance(1_100);
    expect(lost()).toEqual([2]);
  });

  it('make nothing of a list in which they have never been', async () => {
    const { registry, looksIn, lost } = await fleet(5, true);
    const before = registry.requests.length;
    expect(await looksIn(5_000)).toBe(5);
    expect(registry.requests.length - before).toBe(5);
    expect(lost()).toEqual([]);
  });

  it('make one look of a list that no longer shows what it showed, and no storm', async () => {
    const { clock, registry, lost } = await fleet(5);
    registry.hidesAll = true;
    const before = registry.requests.length;
    await clock.advance(5_000);
    // Of the four: a beat and a look each; of all: the looks at the list.
    expect(registry.requests.length - before).toBe(4 * 2 + 5);
    expect(lost()).toEqual([]);
  });

  it('look no more when they have stopped', async () => {
    const { clock, registry, registrars } = await fleet(3);
    for (const registrar of registrars) void registrar.stop();
    await clock.advance(100);
    expect(registrars.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
    const before = registry.requests.length;
    await clock.advance(10_000);
    expect(registry.requests.length).toBe(before);
    expect(clock.pending).toBe(0);
  });
});

it('asks any number of registries at once without a warning of a leak', async () => {
  const clock = new FakeClock();
  const watcher = new BatchWatcher();
  const controllers = Array.from({ length: 11 }, () => new AbortController());
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on('warning', note);
  let asked = 0;
  for (const [place, { signal: until }] of controllers.entries()) {
    const present = (_keys: unknown, signal: AbortSignal) => {
      asked += 1;
      signal.addEventListener('abort', () => undefined);
      return Promise.resolve(new Set<string>());
    };
    const key = { name: 'orders', id: `orders-${place}`, nonce: 'n' };
    const watched = { key, presence: () => ({ place: String(place), present }), onNews: () => undefined };
    watcher.watch(watched, clock, until);
  }
  await clock.advance(1_000);
  process.off('warning', note);
  expect([asked, warnings]).toEqual([11, []]);
  for (const controller of controllers) controller.abort();
});
