import { Agent } from 'node:http';
import { expect, it } from 'vitest';
import { PoolSize } from '../../../src/net/pool-size.js';
import { FakeClock } from '../../support/fake-clock.js';

const limits = { few: 4, most: 12 };

function pool() {
  const clock = new FakeClock();
  const agent = new Agent();
  const size = new PoolSize(agent, limits, clock);
  const send = () => {
    const request = {};
    size.sent(request);
    return request;
  };
  const answer = (request: object) => {
    size.answered(request);
    size.ended(request);
  };
  return { clock, agent, size, send, answer };
}

it('keeps connections few while answers come on time, however many requests there are', async () => {
  const { clock, agent, send, answer } = pool();
  const requests = Array.from({ length: 100 }, send);
  for (const request of requests) {
    await clock.advance(10);
    answer(request);
  }
  // The last one took a second, since it waited for the others.
  send();
  expect(agent.maxSockets).toBe(4);
});

it('gives requests connections of their own once an answer was late, until one is on time again', async () => {
  const { clock, agent, send, answer } = pool();
  const first = send();
  await clock.advance(500);
  answer(first);
  const second = send();
  expect(agent.maxSockets).toBe(12);
  await clock.advance(10);
  answer(second);
  send();
  expect(agent.maxSockets).toBe(4);
});

it('does so before the first late answer, too, while a request waits for it', async () => {
  const { clock, agent, size, send } = pool();
  const first = send();
  await clock.advance(499);
  send();
  expect(agent.maxSockets).toBe(4);
  await clock.advance(1);
  send();
  expect(agent.maxSockets).toBe(12);
  // Cut off: it says nothing of the next one.
  size.ended(first);
  send();
  expect(agent.maxSockets).toBe(4);
});
