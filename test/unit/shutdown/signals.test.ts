import { expect, it } from 'vitest';
import { Signals } from '../../../src/shutdown/signals.js';
import { FakeProcess } from '../../support/simulated-life.js';

/** A process with one subscriber whose stop the test ends. */
function subscribed(own?: () => void) {
  const process = new FakeProcess();
  if (own !== undefined) process.on('SIGTERM', own);
  const signals = new Signals(process);
  const told: string[] = [];
  let done: (clean: boolean) => void = () => undefined;
  const off = signals.subscribe(
    ['SIGTERM'],
    {
      stop: (reason) => {
        told.push(`stop: ${reason}`);
        return new Promise((resolve) => (done = resolve));
      },
      forceStop: (reason) => told.push(`hurry: ${reason}`),
    },
    () => undefined,
  );
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
