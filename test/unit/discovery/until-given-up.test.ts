import { expect, it } from 'vitest';
import { untilAborted } from '../../../src/core/abort.js';
import { untilGivenUp } from '../../../src/discovery/until-given-up.js';

let giveUp: () => void = () => undefined;
let subscriptions = 0;
const subscribe = (run: () => void) => {
  giveUp = run;
  subscriptions += 1;
  return () => (subscriptions -= 1);
};

it('resolves to undefined once it is given up, and aborts the work', async () => {
  const work = untilGivenUp(new AbortController().signal, subscribe, untilAborted);
  giveUp();
  await expect(work).resolves.toBeUndefined();
  expect(subscriptions).toBe(0);
});

it('resolves to an answer that was faster', async () => {
  const work = untilGivenUp(new AbortController().signal, subscribe, () => Promise.resolve('answer'));
  giveUp();
  await expect(work).resolves.toBe('answer');
});

it('rejects as the work does, and with the reason of the signal', async () => {
  const broken = untilGivenUp(new AbortController().signal, subscribe, () => Promise.reject(new Error('broken')));
  await expect(broken).rejects.toThrow('broken');
  const controller = new AbortController();
  const work = untilGivenUp(controller.signal, subscribe, untilAborted);
  controller.abort(new Error('enough'));
  await expect(work).rejects.toThrow('enough');
  await expect(untilGivenUp(controller.signal, subscribe, () => Promise.resolve(1))).rejects.toThrow('enough');
  expect(subscriptions).toBe(0);
});
