import { expect, it } from 'vitest';
import { Signals } from '../../../src/shutdown/signals.js';
import { FakeProcess } from '../../support/simulated-life.js';

/** A process with one subscriber whose stop the test ends. */
function subscribed(own?: () => void, how: 'on' | 'once' = 'on') {
  const process = new FakeProcess();
  if (own !== undefined) process[how]('SIGTERM', own);
  const signals = new Signals(process);
  const told: string[] = [];
  let done: (clean: boolean) => void = () => undefined;
  const off = signals.subscribe(['SIGTERM'], {
    stop: (reason) => {
      told.push(`stop: ${reason}`);
      return new Promise((resolve) => (done = resolve));
    },
    forceStop: (reason) => told.push(`hurry: ${reason}`),
  });
  const end = async (clean: boolean) => {
    off();
    done(clean);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { process, signals, told, end };
}

it('ends the process when it is asked to, as a signal would', async () => {
  const { process, signals, told, end } = subscribed();
  void signals.endAsAsked('the primary stops');
  void signals.endAsAsked('the primary stops');
  await end(true);
  expect([told, process.exits]).toEqual([['stop: the primary stops'], [0]]);
});

it('takes the first signal that follows for the reason why it was asked, and the next for impatience', async () => {
  const { process, signals, told, end } = subscribed();
  void signals.endAsAsked('the primary stops');
  process.send('SIGTERM');
  expect(told).toEqual(['stop: the primary stops']);
  process.send('SIGTERM');
  expect(told.at(-1)).toBe('hurry: a second signal (SIGTERM)');
  await end(false);
  expect(process.exits).toEqual([1]);
});

it('does nothing more at a request that follows a signal', async () => {
  const { process, signals, told, end } = subscribed();
  process.send('SIGTERM');
  void signals.endAsAsked('the primary stops');
  expect(told).toEqual(['stop: SIGTERM']);
  await end(true);
  expect(process.exits).toEqual([0]);
});

it('leaves the ending to a host that listens to SIGTERM, and tells it by that when all else is done', async () => {
  let heard = 0;
  const { process, signals, end } = subscribed(() => (heard += 1));
  void signals.endAsAsked('the primary stops');
  expect(heard).toBe(0);
  await end(true);
  expect([heard, process.exits]).toEqual([1, []]);
});

it('never exits for a host whose listener ran once, before ours', async () => {
  let heard = 0;
  const { process, told, end } = subscribed(() => (heard += 1), 'once');
  process.send('SIGTERM');
  // With no listener left, a person is impatient.
  await Promise.resolve();
  process.send('SIGTERM');
  await end(true);
  expect([heard, process.exits]).toEqual([1, []]);
  expect(told).toEqual(['stop: SIGTERM', 'hurry: a second signal (SIGTERM)']);
});

it('takes a second signal of a host that has removed its listeners for the end of its work, and exits after the stop', async () => {
  const host = () => undefined;
  const { process, told, end } = subscribed(host);
  process.send('SIGTERM');
  await Promise.resolve();
  process.removeListener('SIGTERM', host);
  process.send('SIGTERM');
  expect(told).toEqual(['stop: SIGTERM']);
  await end(true);
  expect(process.exits).toEqual([0]);
});

it('hurries at a second signal while the host still listens, and at a third after it was handed the ending', async () => {
  const host = () => undefined;
  const { process, told, end } = subscribed(host);
  process.send('SIGTERM');
  await Promise.resolve();
  process.send('SIGTERM');
  expect(told).toEqual(['stop: SIGTERM', 'hurry: a second signal (SIGTERM)']);
  process.removeListener('SIGTERM', host);
  process.send('SIGTERM');
  process.send('SIGTERM');
  expect(told).toHaveLength(3);
  await end(false);
  expect(process.exits).toEqual([1]);
});

it('names the listeners of the host and none of its own, and reports new ones until the watch ends', () => {
  const { process, signals } = subscribed();
  let news = 0;
  const off = signals.onForeign(() => (news += 1));
  const host = () => undefined;
  process.on('SIGTERM', host);
  process.on('SIGUSR2', host);
  expect([signals.foreign('SIGTERM'), news]).toEqual([[host], 1]);
  off();
  process.on('SIGTERM', () => undefined);
  expect([news, process.listeners('newListener')]).toEqual([1, []]);
});
