import { beforeEach, expect, it } from 'vitest';
import { SweepPace } from '../../../src/discovery/sweep-pace.js';
import { FakeClock } from '../../support/fake-clock.js';

let clock: FakeClock;
let begun: number[];
let end: (tookMs: number) => void;
let pace: SweepPace;

beforeEach(() => {
  clock = new FakeClock();
  begun = [];
  pace = new SweepPace(clock, (onDone) => {
    begun.push(clock.now());
    end = onDone;
  });
});

it('sweeps four times at once, and then a fifth of the time', async () => {
  for (let turn = 0; turn < 5; turn += 1) {
    pace.request();
    await clock.advance(0);
    end(100);
  }
  expect(begun).toEqual([0, 0, 0, 0]);
  await clock.advance(499);
  expect(begun).toHaveLength(4);
  await clock.advance(1);
  expect(begun).toHaveLength(5);
});

it('sweeps once more for what was requested during a sweep, and once for many requests', async () => {
  pace.request();
  pace.request();
  await clock.advance(0);
  pace.request();
  pace.request();
  expect(begun).toHaveLength(1);
  end(10);
  await clock.advance(0);
  expect(begun).toHaveLength(2);
  end(10);
  await clock.advance(60_000);
  expect(begun).toHaveLength(2);
});

it('forgets a request', async () => {
  pace.request();
  pace.reset();
  await clock.advance(1_000);
  expect([begun, clock.pending]).toEqual([[], 0]);
  pace.request();
  await clock.advance(0);
  expect(begun).toHaveLength(1);
});
