import { expect, it } from 'vitest';
import { TokenBucket } from '../../../src/core/token-bucket.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const { signal } = new AbortController();

function takenTimes(clock: FakeClock, bucket: TokenBucket, count: number): number[] {
  const times: number[] = [];
  void (async () => {
    for (let turn = 0; turn < count; turn += 1) {
      await bucket.take(signal);
      times.push(clock.now());
    }
  })();
  return times;
}

it('lets a burst pass at once, and the rest one after another', async () => {
  const clock = new FakeClock();
  const times = takenTimes(clock, new TokenBucket(clock, { burst: 2, refillMs: 1_000 }), 5);
  await clock.advance(10_000);
  expect(times).toEqual([0, 0, 1_000, 2_000, 3_000]);
});

it('is full again after a quiet period, and never fuller', async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(clock, { burst: 2, refillMs: 1_000 });
  takenTimes(clock, bucket, 2);
  await clock.advance(60_000);
  const times = takenTimes(clock, bucket, 4);
  await clock.advance(5_000);
  expect(times).toEqual([60_000, 60_000, 61_000, 62_000]);
});

it('stops waiting when the signal aborts', async () => {
  const clock = new FakeClock();
  const bucket = new TokenBucket(clock, { burst: 1, refillMs: 1_000 });
  await bucket.take(signal);
  const controller = new AbortController();
  const waiting = expect(bucket.take(controller.signal)).rejects.toThrow('enough');
  await settle();
  controller.abort(new Error('enough'));
  await waiting;
  expect(clock.pending).toBe(0);
});
