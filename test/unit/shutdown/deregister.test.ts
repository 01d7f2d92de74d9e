import { describe, expect, it } from 'vitest';
import { simulatedLife } from '../../support/simulated-life.js';

/** Stops a registered instance whose registry answers with this round trip, and resolves to how long leaving took. */
async function leaveWithin(roundTripMs: number) {
  let latencyMs = 1;
  const life = simulatedLife({}, undefined, () => latencyMs);
  const { clock, registrar, registry } = life;
  void registrar.start();
  await clock.advance(12_000);
  latencyMs = roundTripMs / 2;
  await clock.advance(30_000);
  const stopped = registrar.stop();
  await clock.advance(25_000);
  await stopped;
  const [deregistered] = life.told('deregistered');
  const [{ tookMs, errors }] = life.told('stopped') as [{ tookMs: number; errors: readonly Error[] }];
  return { deregistered: deregistered!, tookMs, errors, left: registry.entries.size };
}

describe('a stop behind a delay', () => {
  it.each([1_000, 2_500, 4_500, 6_000, 9_000])(
    'leaves within two round trips of %d ms, and the least drain',
    async (roundTripMs) => {
      const { deregistered, tookMs, errors, left } = await leaveWithin(roundTripMs);
      expect(left).toBe(0);
      expect(errors).toEqual([]);
      expect(deregistered).toMatchObject({ confirmed: true, listedForMs: 0 });
      expect(tookMs).toBeLessThanOrEqual(2 * roundTripMs + 2_000 + 1_000);
    },
  );
});

describe('readers', () => {
  it('are not asked again at a stop whether they see the instance, once they have', async () => {
    const { clock, registrar, registry } = simulatedLife();
    void registrar.start();
    await clock.advance(12_000);
    const before = registry.requests.length;
    void registrar.stop();
    await clock.advance(10);
    const sent = registry.requests.slice(before).map(({ verb }) => verb);
    expect(sent.slice(0, 1)).toEqual(['remove']);
    expect(sent.slice(1).sort()).toEqual(['poll', 'read']);
  });
});
