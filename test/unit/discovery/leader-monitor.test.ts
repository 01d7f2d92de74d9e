import { setMaxListeners } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { RegistryDeniedError, RegistryUnavailableError } from '../../../src/core/errors.js';
import { LeaderMonitor, leadershipTransitions } from '../../../src/discovery/leader-monitor.js';
import { FakeClock } from '../../support/fake-clock.js';

let clock: FakeClock;
let looks: number;
let answer: () => Promise<boolean>;
let monitor: LeaderMonitor;
let leave: () => void;
let controller: AbortController;

const unreachable = new RegistryUnavailableError('connect ECONNREFUSED');
const refused = new RegistryUnavailableError('HTTP 404', { answered: true });

beforeEach(async () => {
  clock = new FakeClock();
  looks = 0;
  answer = () => Promise.resolve(true);
  controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const hasLeader = () => {
    looks += 1;
    return answer();
  };
  monitor = new LeaderMonitor({ hasLeader, isLocal: true, clock, random: () => 1 });
  leave = monitor.join();
  await clock.advance(0);
});
afterEach(async () => {
  leave();
  controller.abort();
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});

/** What `settled` has come to so far. */
function outcomeOf(promise: Promise<string>): { value: string | undefined } {
  const outcome: { value: string | undefined } = { value: undefined };
  promise.then(
    (value) => (outcome.value = value),
    () => undefined,
  );
  return outcome;
}

it('leaves each state but that without users by an answer', () => {
  for (const state of ['suspected', 'leaderless', 'silent'] as const)
    expect(leadershipTransitions[state].found).toBe('led');
});

it('looks at the start, and every 10 s, once for all users', async () => {
  const leaveToo = monitor.join();
  expect(looks).toBe(1);
  await clock.advance(30_000);
  expect(looks).toBe(4);
  leaveToo();
  leave();
  await clock.advance(30_000);
  expect(looks).toBe(4);
  leave = () => undefined;
});

it('looks at once after a failed poll, and lets no other one begin before the answer', async () => {
  await clock.advance(5_000);
  let give: (found: boolean) => void = () => undefined;
  answer = () => new Promise((resolve) => (give = resolve));
  monitor.pollFailed(unreachable);
  const settled = outcomeOf(monitor.settled(controller.signal));
  await clock.advance(0);
  expect([looks, settled.value]).toEqual([2, undefined]);
  give(false);
  await clock.advance(0);
  expect(settled.value).toBe('leaderless');
});

it('looks once a second after a burst of three, however many polls fail', async () => {
  for (let ms = 0; ms < 5_000; ms += 10) {
    monitor.pollFailed(unreachable);
    await clock.advance(10);
  }
  expect(looks).toBeGreaterThan(5);
  expect(looks).toBeLessThanOrEqual(8);
});

it('does not look for a poll that was refused', async () => {
  monitor.pollFailed(new RegistryDeniedError('HTTP 403', { answered: true }));
  await clock.advance(1_000);
  expect([looks, monitor.leadership]).toEqual([1, 'led']);
});

it('gives up the polls that are held when the leader is lost, and notices the next one within a second', async () => {
  const held = monitor.whileLed(controller.signal, (signal) => {
    return new Promise<string>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  });
  answer = () => Promise.resolve(false);
  await clock.advance(10_000);
  await expect(held).resolves.toBeUndefined();
  expect(monitor.leadership).toBe('leaderless');
  let isFound = false;
  void monitor.untilFound(controller.signal, 60_000).then(() => (isFound = true));
  answer = () => Promise.resolve(true);
  await clock.advance(1_000);
  expect([isFound, monitor.leadership]).toEqual([true, 'led']);
});

it('releases all polls with the first answer of a registry that was away, and asks it alone until then', async () => {
  answer = () => Promise.reject(unreachable);
  monitor.pollFailed(unreachable);
  await clock.advance(1_000);
  const outcomes = Array.from({ length: 100 }, () => outcomeOf(monitor.settled(controller.signal)));
  const looksBefore = looks;
  await clock.advance(60_000);
  expect(outcomes.filter(({ value }) => value !== undefined)).toEqual([]);
  expect(looks - looksBefore).toBeLessThanOrEqual(60);
  answer = () => Promise.resolve(true);
  await clock.advance(1_000);
  expect(outcomes.every(({ value }) => value === 'led')).toBe(true);
});

it('lets one poll try every 10 s where looks are never answered, and all after it was answered', async () => {
  answer = () => new Promise(() => undefined);
  monitor.pollFailed(unreachable);
  await clock.advance(2_500);
  expect(monitor.leadership).toBe('silent');
  const outcomes = Array.from({ length: 5 }, () => outcomeOf(monitor.settled(controller.signal)));
  const free = () => outcomes.filter(({ value }) => value === 'led').length;
  await clock.advance(11_000);
  expect(free()).toBe(1);
  monitor.pollAnswered();
  await clock.advance(0);
  expect(free()).toBe(5);
});

it('believes the polls of a registry that answers but does not tell', async () => {
  answer = () => Promise.reject(refused);
  monitor.pollFailed(unreachable);
  await clock.advance(1_000);
  expect(monitor.leadership).toBe('led');
});

it('does not believe an answer that came without a leader', async () => {
  answer = () => Promise.resolve(false);
  await clock.advance(10_000);
  monitor.pollAnswered();
  expect(monitor.leadership).toBe('leaderless');
});
