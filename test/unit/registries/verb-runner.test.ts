import { expect, it } from 'vitest';
import { admitRequest } from '../../../src/core/request-meter.js';
import { VerbRunner } from '../../../src/registries/verb-runner.js';
import { FakeClock } from '../../support/fake-clock.js';

const deadlines = { requestMs: 5_000, heldMs: 60_000 };
const none = new AbortController().signal;

function runner(countsRequests = true) {
  const clock = new FakeClock();
  const answeredTo: number[] = [];
  const verbs = new VerbRunner({
    name: 'late',
    clock,
    deadlines,
    pace: undefined,
    countsRequests,
    onAnswered: (sentAt) => answeredTo.push(sentAt),
  });
  /** A verb of requests that are each answered after this time. */
  const run = (times: readonly number[], kind: 'request' | 'beat' = 'request') => {
    const outcome: { value?: string; at?: number } = {};
    const verb = async (signal: AbortSignal) => {
      for (const ms of times) {
        await admitRequest(signal);
        await clock.sleep(ms, signal);
      }
      return 'done';
    };
    const settle = (value: string) => Object.assign(outcome, { value, at: clock.now() });
    verbs.runNow('register', none, verb, kind).then(settle, (thrown: unknown) => settle((thrown as Error).name));
    return outcome;
  };
  return { clock, verbs, run, answeredTo };
}

it('gives each request of a verb the whole deadline', async () => {
  const { clock, run } = runner();
  const outcome = run([4_000, 4_000, 4_000, 4_000]);
  await clock.advance(100_000);
  expect(outcome).toEqual({ value: 'done', at: 16_000 });
});

it('ends a verb when one of its requests is not answered in time', async () => {
  const { clock, verbs, run } = runner();
  const outcome = run([4_000, Infinity]);
  await clock.advance(100_000);
  expect(outcome).toEqual({ value: 'TimeoutError', at: 9_000 });
  // The next one may take longer.
  expect(verbs.roundTrip.deadlineMs).toBe(10_000);
});

it('ends a verb that sends one request after the other', async () => {
  const { clock, run } = runner();
  const outcome = run(Array.from({ length: 1_000 }, () => 4_900));
  await clock.advance(1_000_000);
  expect(outcome).toEqual({ value: 'TimeoutError', at: 5 * 4_900 + 5_000 });
});

it('takes the time of the last request for the round trip, and for the time that the answer proves', async () => {
  const { clock, verbs, run, answeredTo } = runner();
  run([3_000, 1_000]);
  await clock.advance(10_000);
  expect(verbs.roundTrip.lastMs).toBe(1_000);
  expect(answeredTo).toEqual([3_000]);
});

it('has one deadline for a heartbeat, and for a verb of several registries', async () => {
  const { clock, run } = runner();
  const beat = run([15_000, 15_000], 'beat');
  await clock.advance(100_000);
  expect(beat).toEqual({ value: 'TimeoutError', at: 20_000 });
  const several = runner(false);
  const register = several.run([4_000, 4_000]);
  await several.clock.advance(100_000);
  expect(register).toEqual({ value: 'TimeoutError', at: 5_000 });
});
