import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { Agent, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createUnheldAgent } from '../../../src/net/http-agent.js';
import { openConnections } from '../../../src/net/open-connections.js';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A server that answers when it is told to. */
async function slowServer() {
  const answers: ServerResponse[] = [];
  const server = createServer((_request, response) => answers.push(response)).listen(0, '127.0.0.1');
  cleanups.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = createUnheldAgent(2);
  cleanups.push(() => agent.destroy());
  const send = (agentInUse: Agent = agent) => {
    const sent = request({ host: '127.0.0.1', port, agent: agentInUse }).end();
    sent.on('error', () => undefined);
    return sent;
  };
  const arrived = async (count: number) => {
    while (answers.length < count) await once(server, 'request');
  };
  return { agent, port, answers, send, arrived };
}

const pendingOf = (agent: Agent, to?: string) => openConnections(agent, to).map(({ pending }) => pending);

it('are none before the first request, and none that is still connecting', async () => {
  const { agent, send } = await slowServer();
  expect(pendingOf(agent)).toEqual([]);
  send();
  expect(pendingOf(agent)).toEqual([]);
});

it('have an answer pending while a request is under way, and none when idle', async () => {
  const { agent, answers, send, arrived } = await slowServer();
  const sent = send();
  await arrived(1);
  expect(pendingOf(agent)).toEqual([1]);
  answers[0]!.end('fine');
  const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
  response.resume();
  await once(agent, 'free');
  expect(pendingOf(agent)).toEqual([0]);
  send();
  send();
  await arrived(3);
  expect(pendingOf(agent)).toEqual([1, 1]);
});

it('leave out one whose answer has begun to arrive', async () => {
  const { agent, answers, send, arrived } = await slowServer();
  const sent = send();
  await arrived(1);
  answers[0]!.write('the first half');
  await once(sent, 'response');
  expect(pendingOf(agent)).toEqual([]);
});

it('are those of one endpoint, where one is given', async () => {
  const { agent, port, send, arrived } = await slowServer();
  send();
  await arrived(1);
  expect(pendingOf(agent, `127.0.0.1:${port}:`)).toEqual([1]);
  expect(pendingOf(agent, '127.0.0.1:1:')).toEqual([]);
});
