import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../support/seeded.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

const TTL_MS = 9_000;
const INTERVAL_MS = 3_000;

/** A registered life whose registry then answers with another round trip. */
async function delayed(roundTripMs: number): Promise<SimulatedLife & { readonly outMs: () => number }> {
  let latencyMs = 1;
  const life = simulatedLife({}, undefined, () => latencyMs);
  void life.registrar.start();
  await life.clock.advance(10_000);
  latencyMs = roundTripMs / 2;
  let looks = 0;
  const { clock, registry } = life;
  const look = () => {
    if (registry.passing.length === 0) looks += 1;
    clock.after(50, look);
  };
  look();
  return { ...life, outMs: () => looks * 50 };
}

const sent = ({ registry }: SimulatedLife, verb: string) => registry.requests.filter((each) => each.verb === verb);

describe('a registry that answers late', () => {
  it.each([1_000, 2_500, 4_500, 6_000, 8_000])(
    'keeps an instance listed at a round trip of %d ms, and nothing counts as lost',
    async (roundTripMs) => {
      const life = await delayed(roundTripMs);
      await life.clock.advance(120_000);
      expect(life.outMs()).toBe(0);
      expect(life.told('lost')).toEqual([]);
      expect(life.registrar.state).toBe('registered');
    },
  );

  it('gets beats on schedule, whatever its answers take', async () => {
    const life = await delayed(8_000);
    const before = sent(life, 'renew').length;
    await life.clock.advance(60_000);
    expect(sent(life, 'renew').length - before).toBeGreaterThanOrEqual(60_000 / INTERVAL_MS - 1);
  });

  it('misses a beat only while the round trip grows', async () => {
    const life = await delayed(8_000);
    await life.clock.advance(20_000);
    const before = life.told('beatMissed').length;
    expect(before).toBeLessThanOrEqual(3);
    await life.clock.advance(120_000);
    expect(life.told('beatMissed')).toHaveLength(before);
  });

  it('tells the margin by the time at which a beat has arrived', async () => {
    const life = await delayed(6_000);
    await life.clock.advance(60_000);
    const margins = life.told('beat').slice(-10);
    expect(margins.every(({ marginMs }) => marginMs > TTL_MS - 2 * INTERVAL_MS)).toBe(true);
    expect(life.registrar.status().marginMs).toBeGreaterThan(0);
  });
});

describe('a registry that is silent', () => {
  it('is a miss after an interval, and a loss after the TTL', async () => {
    const life = await delayed(2);
    life.registry.pause();
    await life.clock.advance(2 * INTERVAL_MS + 100);
    expect(life.told('beatMissed').length).toBeGreaterThanOrEqual(1);
    expect(life.told('lost')).toEqual([]);
    await life.clock.advance(TTL_MS);
    expect(life.told('lost')).toMatchObject([{ cause: 'expired' }]);
    expect(life.told('beatMissed')[0]!.error.message).toMatch(/^simulated has not answered a heartbeat for 3s/);
  });

  it('has a bounded number of beats under way, and no look or registration beside them', async () => {
    const life = await delayed(2);
    life.registry.pause();
    const before = life.registry.requests.length;
    await life.clock.advance(60_000);
    const since = life.registry.requests.slice(before);
    expect(since.length).toBeLessThanOrEqual(60_000 / INTERVAL_MS + 2);
    expect(new Set(since.map(({ verb }) => verb))).toEqual(new Set(['renew']));
  });
});

describe('a change of health while beats are under way', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'wins, in whatever order a frozen registry goes on to process them (seed %d)',
    async (seed) => {
      const random = seededRandom(seed);
      const life = await delayed(2);
      const { clock, registry, registrar } = life;
      registry.pause();
      await clock.advance(3 * INTERVAL_MS);
      registrar.report('kafka', 'critical', 'lag');
      await clock.advance(random() * 500);
      registry.resume(() => random() * 800);
      // Before the next beat on schedule could mend it.
      await clock.advance(1_400);
      expect([...registry.entries.values()]).toMatchObject([{ status: 'critical' }]);
      registrar.report('kafka', 'passing');
      await clock.advance(5_000);
      expect(registry.passing).toHaveLength(1);
    },
  );

  it('costs no further request once a look agrees', async () => {
    const life = await delayed(2);
    const { clock, registry, registrar } = life;
    registry.pause();
    await clock.advance(2 * INTERVAL_MS);
    registrar.report('kafka', 'critical', 'lag');
    await clock.advance(100);
    registry.resume();
    await clock.advance(INTERVAL_MS);
    const before = registry.requests.length;
    await clock.advance(3 * INTERVAL_MS);
    expect(registry.requests.length - before).toBeLessThanOrEqual(4);
  });

  it('is one beat where none is under way', async () => {
    const life = await delayed(2);
    const before = sent(life, 'renew').length;
    life.registrar.report('kafka', 'critical', 'lag');
    await life.clock.advance(200);
    expect(sent(life, 'renew').length - before).toBe(1);
  });
});

describe('a change of the instance', () => {
  async function secondOfTwoChanges(seed: number): Promise<unknown> {
    const random = seededRandom(seed);
    const rareBeats = { ttl: '60s', heartbeat: { interval: '30s' } };
    const life = simulatedLife(rareBeats, undefined, () => random() * 400);
    void life.registrar.start();
    await life.clock.advance(10_000);
    void life.registrar.update({ meta: { color: 'first' } });
    await life.clock.advance(random() * 1_600);
    void life.registrar.update({ meta: { color: 'second' } });
    await life.clock.advance(5_000);
    return [...life.registry.entries.values()].map(({ instance }) => instance.meta['color']);
  }

  it('arrives without waiting for the next beat on schedule, however soon after another', async () => {
    // Of these seeds, 53 and 134 have the second one's beat answered while the first one is written.
    for (let seed = 0; seed < 140; seed += 1)
      expect(await secondOfTwoChanges(seed), `seed ${seed}`).toEqual(['second']);
  });
});
