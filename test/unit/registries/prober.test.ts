import { describe, expect, it } from 'vitest';
import type { Registry } from '../../../src/contracts/registry.js';
import { fallbackOn } from '../../../src/registries/fallback.js';
import { chainOf } from '../../../src/registries/chain.js';
import { asGiven } from '../../../src/registries/ranking.js';
import { FakeClock } from '../../support/fake-clock.js';
import { simulatedRegistrar } from '../../support/simulated-life.js';
import { SimulatedRegistry } from '../../support/simulated-registry.js';

const TTL_MS = 3_000;

function chainOfKind(kind: string, clock: FakeClock, members: readonly Registry[]): Registry {
  if (kind === 'fallback') return fallbackOn(clock, members);
  return chainOf(members, {
    name: 'two',
    patience: { failures: 3, outlastMs: 0, trialAfterMs: 30_000, longestMs: 30_000 },
    forRegistration: asGiven,
    forReading: asGiven,
    clock,
  });
}

function lifeOnTwo(kind: string) {
  const clock = new FakeClock();
  const latency = { firstMs: 1 };
  const first = Object.assign(new SimulatedRegistry(clock, () => latency.firstMs), { name: 'first' });
  const second = Object.assign(new SimulatedRegistry(clock), { name: 'second' });
  const registrar = simulatedRegistrar(clock, { registry: chainOfKind(kind, clock, [first, second]), ttl: TTL_MS });
  return { clock, first, second, registrar, latency };
}

/** Until the instance passes at the second member, in steps of 50 ms. */
async function untilAtSecond({ clock, second }: ReturnType<typeof lifeOnTwo>): Promise<number> {
  const since = clock.now();
  while (second.passing.length === 0 && clock.now() - since < 60_000) await clock.advance(50);
  return clock.now() - since;
}

describe.each(['fallback', 'endpoints'])('%s: a first member that does not answer', (kind) => {
  it('is passed over within a TTL before the first read', async () => {
    const life = lifeOnTwo(kind);
    life.first.pause();
    void life.registrar.start();
    expect(await untilAtSecond(life)).toBeLessThanOrEqual(TTL_MS);
  });

  it('is passed over when it took the registration and its answer is lost', async () => {
    const life = lifeOnTwo(kind);
    life.first.onChange = () => {
      life.first.pause();
      life.latency.firstMs = 1e9;
    };
    void life.registrar.start();
    expect(await untilAtSecond(life)).toBeLessThanOrEqual(TTL_MS);
    expect(life.first.entries.size).toBe(1);
    // It goes on: what stayed there never passes, and is removed.
    life.first.onChange = () => undefined;
    life.latency.firstMs = 1;
    life.first.resume();
    await life.clock.advance(5_000);
    expect(life.second.passing.length + life.first.passing.length).toBe(1);
  });

  it('is passed over between two beats', async () => {
    const life = lifeOnTwo(kind);
    void life.registrar.start();
    await life.clock.advance(4_200);
    expect(life.first.passing).toHaveLength(1);
    life.first.pause();
    expect(await untilAtSecond(life)).toBeLessThanOrEqual(TTL_MS + 1_000);
  });

  it('is passed over while it answers everything later than half a TTL', async () => {
    const life = lifeOnTwo(kind);
    void life.registrar.start();
    await life.clock.advance(4_200);
    life.latency.firstMs = 2_250;
    expect(await untilAtSecond(life)).toBeLessThanOrEqual(TTL_MS + 1_000);
    await life.clock.advance(30_000);
    expect(life.second.passing).toHaveLength(1);
    expect(life.registrar.state).toBe('registered');
  });

  it('is waited for where the other one does not answer either', async () => {
    const life = lifeOnTwo(kind);
    life.second.pause();
    life.latency.firstMs = 1_000;
    void life.registrar.start();
    await life.clock.advance(20_000);
    expect(life.first.passing).toHaveLength(1);
    expect(life.registrar.state).toBe('registered');
  });

  it('leaves the others within a second at a stop', async () => {
    const life = lifeOnTwo(kind);
    void life.registrar.start();
    await life.clock.advance(4_200);
    life.first.pause();
    await untilAtSecond(life);
    const stopped = life.registrar.stop();
    await life.clock.advance(1_000);
    expect(life.second.entries.size).toBe(0);
    await life.clock.advance(20_000);
    await stopped;
  });
});
