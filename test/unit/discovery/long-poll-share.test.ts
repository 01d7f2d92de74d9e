import { expect, it } from 'vitest';
import { LongPollShare } from '../../../src/discovery/long-poll-share.js';

it('gives the long polls to the first, and polls for the others', () => {
  const share = new LongPollShare(2);
  const parts = [share.join(), share.join(), share.join()];
  expect(parts.map(({ mayHold }) => mayHold())).toEqual([true, true, false]);
  expect(parts.map(({ mayHold }) => mayHold())).toEqual([true, true, false]);
});

it('passes a long poll on when a service leaves', () => {
  const share = new LongPollShare(1);
  const [first, second] = [share.join(), share.join()];
  expect([first.mayHold(), second.mayHold()]).toEqual([true, false]);
  first.leave();
  expect(second.mayHold()).toBe(true);
  second.leave();
  expect(share.join().mayHold()).toBe(true);
});

it('polls more rarely where many have no long poll, so that their requests stay bounded', () => {
  const share = new LongPollShare(0);
  const parts = Array.from({ length: 10 }, () => share.join());
  expect(parts[0]?.everyMs()).toBe(1_000);
  for (let more = 0; more < 40; more += 1) parts.push(share.join());
  expect(parts[0]?.everyMs()).toBe(5_000);
  for (const { leave } of parts.splice(1)) leave();
  expect(parts[0]?.everyMs()).toBe(1_000);
});

it('gives no long poll that is reserved, takes back those beyond it, and gives them again afterwards', () => {
  const share = new LongPollShare(4);
  const parts = [share.join(), share.join(), share.join()];
  const may = () => parts.map(({ mayHold }) => mayHold());
  expect(may()).toEqual([true, true, true]);
  const giveBack = share.reserve(3);
  expect(may().filter(Boolean)).toHaveLength(1);
  giveBack();
  expect(may()).toEqual([true, true, true]);
});
