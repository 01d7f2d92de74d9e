import { describe, expect, it } from 'vitest';
import { ConsulSightings } from '../../../../src/backends/consul/consul-sightings.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { untilAborted } from '../../../../src/core/abort.js';
import { TimeoutError } from '../../../../src/core/errors.js';

const { signal } = new AbortController();

function sightings() {
  const clock = new FakeClock();
  return { clock, seen: new ConsulSightings(clock) };
}

it('know an entry as ours for as long as the caller thinks it fresh', async () => {
  const { clock, seen } = sightings();
  seen.expect('a');
  expect(seen.isOurs('a', 1_000)).toBe(false);
  seen.saw('a');
  await clock.advance(1_000);
  expect(seen.isOurs('a', 1_000)).toBe(true);
  await clock.advance(1);
  expect(seen.isOurs('a', 1_000)).toBe(false);
});

it('ignore other incarnations, and forget a removed one', () => {
  const { seen } = sightings();
  seen.saw('another');
  expect(seen.isOurs('another', 1_000)).toBe(false);
  seen.expect('a');
  seen.saw('a');
  seen.forget('a');
  expect(seen.isOurs('a', 1_000)).toBe(false);
});

it('believe the last answer: an entry that is gone or another’s is not ours', () => {
  const { seen } = sightings();
  seen.expect('a');
  seen.saw('a');
  seen.missed('a');
  expect(seen.isOurs('a', 1_000)).toBe(false);
});

it('know an entry as ours while a long poll for its changes is open, and no longer', async () => {
  const { clock, seen } = sightings();
  seen.expect('a');
  seen.saw('a');
  let answer: () => void = () => undefined;
  const poll = seen.whileWatched('a', signal, () => new Promise<void>((resolve) => (answer = resolve)));
  await clock.advance(60_000);
  expect(seen.isOurs('a', 1_000)).toBe(true);
  answer();
  await poll;
  expect(seen.isOurs('a', 1_000)).toBe(false);
});

it('do not take a long poll for proof whose entry was not ours when it began', async () => {
  const { seen } = sightings();
  seen.expect('a');
  seen.missed('a');
  const poll = seen.whileWatched('a', signal, () => Promise.reject(new Error('gone')));
  expect(seen.isOurs('a', 1_000)).toBe(false);
  await expect(poll).rejects.toThrow('gone');
});

describe('a long poll that we end ourselves', () => {
  it.each([
    ['leaves what it watched seen', new Error('halted'), true],
    ['proves nothing when it had no answer in time', new TimeoutError('33 s'), false],
  ])('%s', async (_, reason, isSeen) => {
    const clock = new FakeClock();
    const seen = new ConsulSightings(clock);
    seen.expect('a');
    seen.saw('a');
    const ended = new AbortController();
    const poll = seen.whileWatched('a', ended.signal, () => untilAborted(ended.signal));
    await clock.advance(60_000);
    ended.abort(reason);
    await expect(poll).rejects.toBe(reason);
    expect(seen.isOurs('a', 1_000)).toBe(isSeen);
  });
});
