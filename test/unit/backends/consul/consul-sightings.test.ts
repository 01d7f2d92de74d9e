import { expect, it } from 'vitest';
import { ConsulSightings } from '../../../../src/backends/consul/consul-sightings.js';
import { FakeClock } from '../../../support/fake-clock.js';

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
  const poll = seen.whileWatched('a', () => new Promise<void>((resolve) => (answer = resolve)));
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
  const poll = seen.whileWatched('a', () => Promise.reject(new Error('gone')));
  expect(seen.isOurs('a', 1_000)).toBe(false);
  await expect(poll).rejects.toThrow('gone');
});
