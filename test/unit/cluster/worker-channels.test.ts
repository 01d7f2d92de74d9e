import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { afterEach, expect, it } from 'vitest';
import { WorkerChannels } from '../../../src/cluster/worker-channels.js';
import { seal } from '../../../src/cluster/messages.js';
import type { Answer, Request } from '../../../src/cluster/messages.js';
import { settle } from '../../support/fake-clock.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** The primary's end, and a worker that says what the test says. */
function conversation(answer: (worker: number, request: Request) => Promise<Answer>) {
  const channels = new WorkerChannels({ service: 'orders', answer, onGone: () => undefined });
  cleanups.push(() => channels.close());
  const heard: object[] = [];
  const send = (message: object) => heard.push(message);
  const worker = { id: 1, process: { pid: 7 }, isConnected: () => true, send } as unknown as Worker;
  const say = async (message: object) => {
    cluster.emit('message', worker, seal('orders', message as never));
    await settle();
    return heard.splice(0);
  };
  return { channels, say };
}

const remove = { verb: 'remove', key: { name: 'orders', id: 'o' } };

it('answers data that cannot be used with what is wrong, and asks nobody', async () => {
  const asked: Request[] = [];
  const { say } = conversation((_worker, request) => {
    asked.push(request);
    return Promise.resolve({ outcome: 'done' });
  });
  const problem = 'its register request lacks a valid instance';
  expect(await say({ kind: 'request', number: 3, request: { verb: 'register' } })).toEqual([
    seal('orders', { kind: 'answer', number: 3, answer: { outcome: 'refused', problem } }),
  ]);
  expect([await say({ kind: 'of tomorrow' }), await say({ kind: 'request', number: 4 })]).toEqual([[], []]);
  expect(asked).toEqual([]);
});

it.each([
  ['rejects', () => Promise.reject(new Error('out of order'))],
  [
    'throws',
    () => {
      throw new Error('out of order');
    },
  ],
])('answers with a loss, so that the worker registers again, when the primary %s', async (_what, answer) => {
  const { say } = conversation(answer);
  expect(await say({ kind: 'request', number: 5, request: remove })).toEqual([
    seal('orders', { kind: 'answer', number: 5, answer: { outcome: 'lost' } }),
  ]);
});

it('counts a worker in by a message that it understands', async () => {
  const { channels, say } = conversation(() => Promise.resolve({ outcome: 'done' }));
  await say({ kind: 'of tomorrow' });
  expect(channels.pidOf(1)).toBeUndefined();
  expect(await say({ kind: 'hello' })).toEqual([seal('orders', { kind: 'here' })]);
  expect(channels.pidOf(1)).toBe(7);
});
