import { expect, it } from 'vitest';
import { SIGN_EVERY_MS, StallDetector, isStalled } from '../../../src/heartbeat/stall-detector.js';
import { FakeClock } from '../../support/fake-clock.js';

const TOLERANCE_MS = 3_000;

/** Looks as the worker does, at signs that somebody gives until `silentFrom`; `heldUp` keeps the looks from happening. */
async function watch(forMs: number, silentFrom: number, heldUp: readonly [from: number, to: number][] = []) {
  const clock = new FakeClock();
  const silence = new StallDetector(0);
  let signAt = 0;
  let accusedAt: number | undefined;
  const sign = () => {
    const now = clock.now();
    if (now >= silentFrom) return;
    // Whatever holds up a whole machine holds up both.
    const pause = heldUp.find(([from, to]) => now >= from && now < to);
    if (pause === undefined) signAt = now;
    clock.after(pause === undefined ? SIGN_EVERY_MS : pause[1] - now, sign);
  };
  const look = () => {
    const now = clock.now();
    const pause = heldUp.find(([from, to]) => now >= from && now < to);
    if (pause === undefined && isStalled(silence.look(signAt, now), TOLERANCE_MS)) accusedAt ??= now;
    clock.after(pause === undefined ? SIGN_EVERY_MS : pause[1] - now, look);
  };
  // Looked at first, before the sign that is due at the same moment.
  look();
  sign();
  await clock.advance(forMs);
  return accusedAt;
}

it('accuses nobody who gives signs', async () => {
  expect(await watch(60_000, Infinity)).toBeUndefined();
});

it.each([1_000, 1_001, 1_049])(
  'accuses within two looks of the tolerance whoever falls silent after %i ms',
  async (silentFrom) => {
    const accusedAt = await watch(10_000, silentFrom);
    expect(accusedAt).toBeGreaterThan(silentFrom + TOLERANCE_MS);
    expect(accusedAt).toBeLessThanOrEqual(silentFrom + TOLERANCE_MS + 2 * SIGN_EVERY_MS);
  },
);

it('never holds a stall of less than the tolerance against anybody, wherever between two signs and two looks it begins', () => {
  for (let begin = 0; begin < SIGN_EVERY_MS; begin += 7) {
    const silence = new StallDetector(0);
    const release = begin + TOLERANCE_MS - 1;
    for (let now = 13; now < release; now += SIGN_EVERY_MS)
      expect(isStalled(silence.look(0, now), TOLERANCE_MS)).toBe(false);
  }
});

it('holds nothing against anybody for a pause that held up the one who looks', async () => {
  expect(await watch(60_000, Infinity, [[1_010, 31_010]])).toBeUndefined();
  expect(
    await watch(60_000, Infinity, [
      [1_010, 3_900],
      [4_000, 6_900],
      [7_000, 9_900],
    ]),
  ).toBeUndefined();
});

it('accuses later by what it was held up itself, and no more than that', async () => {
  const accusedAt = await watch(60_000, 1_000, [[2_000, 7_000]]);
  expect(accusedAt).toBeGreaterThanOrEqual(1_000 + TOLERANCE_MS + 4_900);
  expect(accusedAt).toBeLessThanOrEqual(1_000 + TOLERANCE_MS + 5_100);
});

it('does not hold its own old delay in favour of a later silence', () => {
  const silence = new StallDetector(0);
  // Late by ten seconds, in which the other one has lived.
  expect(silence.look(10_000, 10_060)).toBe(0);
  let now = 10_060;
  while (!isStalled(silence.look(10_000, now), TOLERANCE_MS)) now += SIGN_EVERY_MS;
  expect(now).toBeLessThanOrEqual(10_060 + TOLERANCE_MS + 2 * SIGN_EVERY_MS);
});
