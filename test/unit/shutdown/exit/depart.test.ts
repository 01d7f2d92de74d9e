import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import type { HttpDeparture } from '../../../../src/contracts/departure.js';
import { departAll } from '../../../../src/shutdown/exit/depart.js';

/** A server in a thread of its own, since this one is blocked: answers each line with what its script says. */
const serverCode = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const heard = [];
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    for (const line of bytes.toString().trim().split('\\n')) {
      heard.push(line);
      const text = workerData[line];
      if (text === 'hangs up') socket.end();
      else if (text !== undefined) socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: ' + text.length + '\\r\\n\\r\\n' + text);
    }
  });
}).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
parentPort.on('message', () => parentPort.postMessage([...heard]));
`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** `answers`: by the line that is sent; a line without one is never answered. */
async function server(answers: Readonly<Record<string, string>>) {
  const thread = new Worker(serverCode, { eval: true, workerData: answers });
  cleanups.push(() => thread.terminate());
  const [port] = (await once(thread, 'message')) as [number];
  return {
    async connection(): Promise<Socket> {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      // Reads nothing until it departs: from this listener on, not from when the test goes on.
      socket.once('connect', () => socket.pause());
      cleanups.push(() => socket.destroy());
      await once(socket, 'connect');
      return socket;
    },
    async heard(): Promise<string[]> {
      thread.postMessage('what was heard?');
      return ((await once(thread, 'message')) as [string[]])[0];
    },
  };
}

const line = (text: string) => Buffer.from(`${text}\n`);

const look: HttpDeparture['look'] = {
  request: line('look'),
  next: ({ text }) => (text === 'ours' ? line('leave') : undefined),
};

/** The time that is left, from now on. */
function left(ms = 5_000): () => number {
  const endsAt = performance.now() + ms;
  return () => Math.max(0, endsAt - performance.now());
}

function httpDeparture(sockets: readonly Socket[], more: Partial<HttpDeparture> = {}): HttpDeparture {
  return { kind: 'http', connections: sockets.map((socket) => ({ socket, pending: 0 })), look, ...more };
}

it('looks first and leaves what is ours', async () => {
  const { connection, heard } = await server({ look: 'ours', leave: 'done' });
  departAll([{ departure: httpDeparture([await connection()]), isCurrent: true }], left());
  expect(await heard()).toEqual(['look', 'leave']);
});

it('leaves the entry of another instance alone', async () => {
  const { connection, heard } = await server({ look: 'theirs', leave: 'done' });
  departAll([{ departure: httpDeparture([await connection()]), isCurrent: true }], left());
  expect(await heard()).toEqual(['look']);
});

it('looks in spite of a sighting when the last heartbeat was not accepted on time', async () => {
  const { connection, heard } = await server({ look: 'theirs', leave: 'done' });
  const departure = httpDeparture([await connection()], { request: line('leave') });
  departAll([{ departure, isCurrent: false }], left());
  expect(await heard()).toEqual(['look']);
});

it('leaves without a look where the entry was seen, before any other looks', async () => {
  const { connection, heard } = await server({ look: 'ours', leave: 'done', 'leave at once': 'done' });
  const [one, two] = [await connection(), await connection()];
  const planned = [
    { departure: httpDeparture([one]), isCurrent: true },
    { departure: httpDeparture([two], { request: line('leave at once') }), isCurrent: true },
  ];
  departAll(planned, left());
  expect(await heard()).toEqual(['leave at once', 'look', 'leave']);
});

it.each([
  ['with a look', {}, ['look', 'leave']],
  ['without a look', { request: line('leave') }, ['leave']],
])('takes another connection for one that has ended, %s', async (_, more, lines) => {
  const { connection, heard } = await server({ look: 'ours', leave: 'done', bye: 'hangs up' });
  const [gone, alive] = [await connection(), await connection()];
  gone.write('bye\n');
  // The server has ended it, which this thread has not read yet.
  await heard();
  departAll([{ departure: httpDeparture([gone, alive], more), isCurrent: true }], left());
  expect((await heard()).slice(-lines.length)).toEqual(lines);
});

it('passes over answers to requests that were sent before', async () => {
  const { connection, heard } = await server({ register: 'theirs', look: 'ours', leave: 'done' });
  const socket = await connection();
  socket.write('register\n');
  await heard();
  departAll([{ departure: httpDeparture([], { connections: [{ socket, pending: 1 }] }), isCurrent: true }], left());
  expect(await heard()).toEqual(['register', 'look', 'leave']);
});

it('waits no longer than it may for a server that hangs, and shortly where it needs no answer', async () => {
  const { connection } = await server({});
  const began = performance.now();
  departAll([{ departure: httpDeparture([await connection()]), isCurrent: true }], left(300));
  expect(performance.now() - began).toBeGreaterThan(250);
  expect(performance.now() - began).toBeLessThan(5_000);
  const again = performance.now();
  const departure = httpDeparture([await connection()], { request: line('leave') });
  departAll([{ departure, isCurrent: true }], left(60_000));
  expect(performance.now() - again).toBeLessThan(10_000);
});

it('has the requests of several Registrars in one connection answered in their order', async () => {
  const { connection, heard } = await server({ 'leave one': 'a', 'leave two': 'b', look: 'ours', leave: 'done' });
  const socket = await connection();
  const planned = ['leave one', 'leave two'].map((text) => ({
    departure: httpDeparture([socket], { request: line(text) }),
    isCurrent: true,
  }));
  departAll([...planned, { departure: httpDeparture([socket]), isCurrent: true }], left());
  expect(await heard()).toEqual(['leave one', 'leave two', 'look', 'leave']);
});
