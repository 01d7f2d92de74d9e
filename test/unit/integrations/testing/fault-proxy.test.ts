import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFaultProxy } from '../../../../src/integrations/testing/fault-proxy.js';
import type { FaultProxy } from '../../../../src/integrations/testing/fault-proxy.js';
import { FakeClock } from '../../../support/fake-clock.js';

const body = 'the answer to everything';
let clock: FakeClock;
let server: Server;
let proxy: FaultProxy;
let agent: Agent;
/** Paths of the requests that reached the server. */
let reached: string[];

beforeEach(async () => {
  clock = new FakeClock();
  reached = [];
  agent = new Agent({ keepAlive: true });
  server = createServer((incoming, response) => {
    reached.push(incoming.url ?? '');
    server.emit('reached');
    if (incoming.url === '/reset') incoming.socket.resetAndDestroy();
    else if (incoming.url !== '/never') response.setHeader('x-from', 'server').end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, clock });
});

afterEach(async () => {
  agent.destroy();
  await proxy.close();
  server.closeAllConnections();
  server.close();
});

interface Answer {
  status: number | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

function get(
  path = '/',
  options: { signal?: AbortSignal; method?: string; body?: string; agent?: Agent } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, proxy.url), { agent, ...options }, (incoming) => {
      let text = '';
      incoming.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      incoming.once('error', reject);
      incoming.once('end', () => resolve({ status: incoming.statusCode, headers: incoming.headers, body: text }));
    });
    outgoing.once('error', reject);
    outgoing.end(options.body);
  });
}

/** A bare connection that has sent a request. */
async function openSocket(path: string, { allowHalfOpen = false } = {}): Promise<Socket> {
  const socket = connect({ host: proxy.host, port: proxy.port, allowHalfOpen });
  await once(socket, 'connect');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
  return socket;
}

describe('passing', () => {
  it('hands requests and answers on unchanged and keeps connections alive', async () => {
    const first = await get('/one');
    const second = await get('/two');
    expect([first.status, first.body, second.body, first.headers['x-from']]).toEqual([200, body, body, 'server']);
    expect(reached).toEqual(['/one', '/two']);
    expect([proxy.connections, proxy.connectionsTotal]).toEqual([1, 1]);
  });

  it('counts a request as in flight until something comes back', async () => {
    const socket = await openSocket('/never');
    await once(server, 'reached');
    expect(proxy.inFlight).toBe(1);
    await get('/');
    expect(proxy.inFlight).toBe(1);
    const closed = once(socket, 'close');
    await proxy.close();
    await closed;
    expect(proxy.connections).toBe(0);
  });

  it('hands a reset by the server on as a reset', async () => {
    const socket = await openSocket('/reset');
    await expect(once(socket, 'end')).rejects.toMatchObject({ syscall: 'read', code: 'ECONNRESET' });
  });

  it('resets a client whose server is not there', async () => {
    server.close();
    await once(server, 'close');
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('delay', () => {
  it('holds the request and the answer for as long as each was told to take', async () => {
    await proxy.delay({ requestMs: 30, answerMs: 70 });
    const answer = get('/late');
    await timerSet();
    await clock.advance(29);
    expect([reached, clock.pending]).toEqual([[], 1]);
    await clock.advance(1);
    await timerSet();
    expect(reached).toEqual(['/late']);
    await clock.advance(69);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    expect((await answer).body).toBe(body);
  });

  it('lets go at once of what it held when the delay ends', async () => {
    await proxy.delay(1_000_000);
    const answer = get();
    // Nothing tells that bytes are waiting but the timer they wait for.
    await timerSet();
    await proxy.pass();
    expect((await answer).body).toBe(body);
    expect(clock.now()).toBe(0);
  });
});

describe('stall', () => {
  it('accepts connections and passes nothing on until the fault ends', async () => {
    await proxy.stall();
    const answer = get('/held');
    await seenInFlight(1);
    expect(reached).toEqual([]);
    await proxy.pass();
    expect((await answer).body).toBe(body);
  });

  it('of answers lets the request reach the server', async () => {
    await proxy.stall('answer');
    const answer = get('/held');
    await once(server, 'reached');
    expect(reached).toEqual(['/held']);
    await proxy.pass();
    expect((await answer).body).toBe(body);
  });

  it('delivers a request whose sender has given up, once it ends', async () => {
    await proxy.stall('request');
    const gaveUp = new AbortController();
    const answer = get('/too-late', { signal: gaveUp.signal });
    await seenInFlight(1);
    gaveUp.abort();
    await expect(answer).rejects.toThrow('aborted');
    await seenInFlight(0);
    expect(reached).toEqual([]);
    const arrived = once(server, 'reached');
    await proxy.pass();
    await arrived;
    expect(reached).toEqual(['/too-late']);
    await goneAll();
  });
});

describe('refuse', () => {
  it('breaks open connections, refuses new ones, and listens on the same port again afterwards', async () => {
    const { port } = proxy;
    const held = await openSocket('/never');
    const broken = closeOf(held);
    await once(server, 'reached');
    await proxy.refuse();
    await broken;
    await expect(get()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.pass();
    expect(proxy.port).toBe(port);
    expect((await get()).body).toBe(body);
  });
});

describe('reset', () => {
  it('resets what is open and what comes', async () => {
    const held = get('/never');
    await once(server, 'reached');
    await Promise.all([expect(held).rejects.toMatchObject({ code: 'ECONNRESET' }), proxy.reset()]);
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await proxy.pass();
    expect((await get()).body).toBe(body);
  });
});

describe('cut', () => {
  it('ends the connection in the middle of an answer', async () => {
    const whole = await wholeAnswer();
    await proxy.cut(whole.length - 5);
    const socket = await openSocket('/');
    const got = await readAll(socket);
    expect(got.length).toBe(whole.length - 5);
    expect(got.endsWith('the answer to every')).toBe(true);
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('ends the connection to the server as well, though the client may stay', async () => {
    await proxy.cut(10);
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const socket = await openSocket('/', { allowHalfOpen: true });
    const [atServer] = await accepted;
    await Promise.all([closeOf(atServer), once(socket.resume(), 'end')]);
    expect(socket.destroyed).toBe(false);
    socket.destroy();
  });

  it('counts each answer of a connection by itself', async () => {
    const whole = await wholeAnswer();
    await proxy.cut(whole.length + 60);
    expect((await get()).body).toBe(body);
    expect((await get()).body).toBe(body);
    expect(proxy.connectionsTotal).toBe(2);
  });
});

describe('drip', () => {
  it('hands the answer on in pieces, one each time', async () => {
    const whole = await wholeAnswer();
    await proxy.drip({ bytes: 50, everyMs: 40 });
    const socket = await openSocket('/');
    const pieces = Math.ceil(whole.length / 50);
    for (let piece = 1; piece < pieces; piece += 1) {
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      expect(bytes.length).toBe(50);
      expect(clock.pending).toBe(1);
      void clock.advance(40);
    }
    const [rest] = (await once(socket, 'data')) as [Buffer];
    expect(rest.length).toBe(whole.length - 50 * (pieces - 1));
    expect(clock.now()).toBe(40 * (pieces - 1));
    socket.destroy();
  });
});

describe('rewrite', () => {
  it('shows a hook what was asked and answered, and the client what the hook makes of it', async () => {
    const seen: unknown[] = [];
    await proxy.rewrite(({ method, path, status, body: text, request: asked }) => {
      seen.push({ method, path, status, text, sent: asked.body });
      return { status: 404, headers: { 'x-from': undefined, 'x-by': 'hook' }, body: 'no such thing' };
    });
    const answer = await get('/thing?x=1', { method: 'PUT', body: 'hello' });
    expect(seen).toEqual([{ method: 'PUT', path: '/thing?x=1', status: 200, text: body, sent: 'hello' }]);
    expect(answer).toMatchObject({ status: 404, body: 'no such thing', headers: { 'x-by': 'hook' } });
    expect(answer.headers).not.toHaveProperty('x-from');
  });

  it('leaves an answer alone that the hook has nothing to say about, and all of them once it is taken away', async () => {
    await proxy.rewrite(({ path }) => (path === '/bad' ? { status: 500 } : undefined));
    expect((await get('/good')).status).toBe(200);
    expect((await get('/bad')).status).toBe(500);
    await proxy.rewrite(undefined);
    expect(await get('/bad')).toMatchObject({ status: 200, body, headers: { 'x-from': 'server' } });
  });

  it('goes together with a fault', async () => {
    await proxy.rewrite(() => ({ body: 'changed' }));
    await proxy.delay({ answerMs: 25 });
    const answer = get();
    await timerSet();
    await clock.advance(25);
    expect((await answer).body).toBe('changed');
  });

  it('tells the client when a hook throws', async () => {
    await proxy.rewrite(() => {
      throw new Error('slip of the pen');
    });
    expect(await get()).toMatchObject({ status: 500, body: 'fault proxy: a hook threw: slip of the pen' });
  });

  it('resets the client when the server is gone', async () => {
    await proxy.rewrite(() => undefined);
    server.close();
    await once(server, 'close');
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('takes no open connection past the hook', async () => {
    await get();
    const [socket] = Object.values(agent.freeSockets).flat() as Socket[];
    const dropped = closeOf(socket!);
    await proxy.rewrite(() => ({ body: 'changed' }));
    await dropped;
    expect((await get()).body).toBe('changed');
  });

  it('gives up asking the server when the client has left', async () => {
    await proxy.rewrite(() => undefined);
    const socket = await openSocket('/never');
    await once(server, 'reached');
    socket.destroy();
    await goneAll();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect(reached).toEqual(['/never']);
  });
});

describe('intercept', () => {
  it('answers in the place of the server', async () => {
    await proxy.intercept(({ path }) => (path === '/mine' ? { status: 429, body: 'too many' } : undefined));
    expect(await get('/mine')).toMatchObject({ status: 429, body: 'too many' });
    expect((await get('/yours')).body).toBe(body);
    expect(reached).toEqual(['/yours']);
  });

  it('may have the connection itself to write to', async () => {
    await proxy.intercept(() => ({ raw: (connection) => connection.end('no HTTP at all') }));
    expect(await readAll(await openSocket('/'))).toBe('no HTTP at all');
    expect(reached).toEqual([]);
  });
});

async function wholeAnswer(): Promise<string> {
  const socket = await openSocket('/');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return bytes.toString();
}

async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await once(socket, 'close');
  return text;
}

/** Unlike `once`, a reset on the way there is fine. */
function closeOf(socket: Socket): Promise<void> {
  socket.on('error', () => undefined);
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

async function turnUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

const seenInFlight = (count: number) => turnUntil(() => proxy.inFlight === count);
const timerSet = () => turnUntil(() => clock.pending > 0);
const goneAll = () => turnUntil(() => proxy.connections === 0);
