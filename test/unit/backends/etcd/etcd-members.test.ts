import { expect, it } from 'vitest';
import { EtcdMembers } from '../../../../src/backends/etcd/etcd-members.js';
import type { ConnectionPool } from '../../../../src/backends/etcd/etcd-connection.js';
import { FakeClock } from '../../../support/fake-clock.js';

const signalOfA = new AbortController().signal;
const signalOfB = new AbortController().signal;
const forever = () => new Promise<never>(() => undefined);

function begin(count = 3) {
  const clock = new FakeClock();
  const members = new EtcdMembers(count, clock);
  /** Sends a request to the member that is chosen for it, and has no answer. */
  const send = (pool: ConnectionPool, signal: AbortSignal) => {
    const index = members.choose(pool, signal);
    void members.track(pool, index, signal, forever);
    return index;
  };
  return { clock, members, send };
}

it('prefers the member that answered the last heartbeat', async () => {
  const { members } = begin();
  await members.track('call', 2, signalOfA, () => Promise.resolve());
  expect(members.preferred).toBe(0);
  await members.track('beat', 2, signalOfA, () => Promise.resolve());
  expect(members.choose('call', signalOfA)).toBe(2);
  members.skip(2);
  expect(members.choose('call', signalOfA)).toBe(0);
});

it('goes round a member that has not answered another verb for long', async () => {
  const { clock, send } = begin();
  expect(send('call', signalOfA)).toBe(0);
  await clock.advance(1_999);
  expect(send('call', signalOfB)).toBe(0);
  await clock.advance(1);
  expect(send('call', signalOfB)).toBe(1);
  // The requests of one verb stay together, and a long poll is answered late by nature.
  expect(send('call', signalOfA)).toBe(0);
  expect(send('poll', signalOfB)).toBe(0);
});

it('sends no heartbeat after another to a member that has not answered that one', () => {
  const { send } = begin();
  expect(send('beat', signalOfA)).toBe(0);
  expect(send('beat', signalOfA)).toBe(0);
  expect(send('beat', signalOfB)).toBe(1);
  expect(send('call', signalOfB)).toBe(0);
});

it('has nothing to choose from in a cluster of one', async () => {
  const { clock, send } = begin(1);
  send('beat', signalOfA);
  await clock.advance(10_000);
  expect(send('beat', signalOfB)).toBe(0);
});
