import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import net from 'node:net';
import type { Server } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { bindServer } from '../../../src/server/bound-server.js';
import type { BoundServer } from '../../../src/server/bound-server.js';
import { waitFor } from '../../support/wait-for.js';
import { certificate, connect, listen, makeServer } from './real-servers.js';
import type { Handler } from './real-servers.js';

const never = new AbortController().signal;
/** Far beyond any test. */
const LATER = 60_000;
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

function watch(server: Server): BoundServer {
  open.push(() => server.close());
  return bindServer(server, { clock: systemClock });
}

function rawSocket(port: number, text: string): { socket: net.Socket; gone: Promise<unknown> } {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  open.push(() => socket.destroy());
  const gone = once(socket, 'close');
  socket.write(text);
  socket.resume();
  return { socket, gone };
}

const eventStreams: readonly [string, Handler][] = [
  [
    'setHeader',
    (_, response) => {
      response.setHeader('Content-Type', 'text/event-stream');
      response.write('data: 1\n\n');
    },
  ],
  [
    'writeHead',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.write('data: 1\n\n');
    },
  ],
];

describe.each(['http', 'https', 'h2c', 'h2'] as const)('at its limit, a closing server that speaks %s', (kind) => {
  it.each(eventStreams)('ends an event stream (%s), which its client sees as whole', async (_, handler) => {
    const server = makeServer(kind, handler);
    const bound = watch(server);
    const caller = await connect(kind, await listen(server));
    open.push(caller.close);
    const answer = caller.request('/');
    await waitFor(() => bound.traffic.inFlight === 1);
    expect(await bound.close(never, { streamsMs: 20, responsesMs: LATER })).toEqual({ responses: 0, upgraded: 0 });
    expect((await answer).body).toBe('data: 1\n\n');
    await caller.gone;
  });

  it('cuts off any other response and counts it: its client must not take it for whole', async () => {
    const server = makeServer(kind, (_, response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.write('half');
    });
    const bound = watch(server);
    const caller = await connect(kind, await listen(server));
    open.push(caller.close);
    const outcome = caller.request('/').then(
      ({ body }) => `whole: ${body}`,
      () => 'cut off',
    );
    await waitFor(() => bound.traffic.inFlight === 1);
    expect(await bound.close(never, { streamsMs: 0, responsesMs: 20 })).toEqual({ responses: 1, upgraded: 0 });
    expect(await outcome).toBe('cut off');
  });
});

describe('a closing server', () => {
  it('does not wait for a client that does not read the end of its event stream', async () => {
    const server = makeServer('http', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(Buffer.alloc(20_000_000, 'x'));
    });
    const bound = watch(server);
    const { socket } = rawSocket(await listen(server), 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.pause();
    expect(await bound.close(never, { streamsMs: 0, responsesMs: LATER })).toEqual({ responses: 0, upgraded: 0 });
  });

  it('does not wait for half a request header, nor for half a TLS handshake, and counts neither', async () => {
    for (const kind of ['http', 'https'] as const) {
      const server = makeServer(kind);
      const bound = watch(server);
      const port = await listen(server);
      // A record header of a handshake that never comes.
      const bare = rawSocket(port, kind === 'http' ? 'GET / HTTP/1.1\r\nHos' : '\x16\x03\x01\x02\x00');
      const gone = [bare.gone];
      if (kind === 'https') {
        const secured = tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' });
        secured.on('error', () => {});
        open.push(() => secured.destroy());
        gone.push(once(secured, 'close'));
        secured.write('GET / HTTP/1.1\r\nHos');
        await once(secured, 'secureConnect');
      }
      await waitFor(() => bound.traffic.openConnections === gone.length);
      expect(await bound.close(never, { streamsMs: LATER, responsesMs: LATER })).toEqual({ responses: 0, upgraded: 0 });
      await Promise.all(gone);
    }
  });

  it('lets an upload go on whose header has arrived', async () => {
    const server = makeServer('http', (request, response) => {
      request.resume().on('end', () => response.end('stored'));
    });
    const bound = watch(server);
    const upload = httpRequest({ port: await listen(server), host: '127.0.0.1', method: 'POST', agent: false });
    upload.write('first');
    const answer = once(upload, 'response');
    await waitFor(() => bound.traffic.inFlight === 1);
    // Far longer than half a header gets.
    const closing = bound.close(never, { streamsMs: LATER, responsesMs: LATER });
    setTimeout(() => upload.end('last'), 400);
    const [response] = (await answer) as [{ statusCode: number; resume: () => void }];
    response.resume();
    expect([response.statusCode, await closing]).toEqual([200, { responses: 0, upgraded: 0 }]);
  });

  it('destroys what has changed its protocol at the limit of streams, and counts it', async () => {
    const server = makeServer('http');
    server.on('upgrade', (_: unknown, socket: net.Socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    });
    const bound = watch(server);
    const { socket, gone } = rawSocket(
      await listen(server),
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    await once(socket, 'data');
    expect(await bound.close(never, { streamsMs: 400, responsesMs: LATER })).toEqual({ responses: 0, upgraded: 1 });
    await gone;
  });

  it('leaves no timer behind', async () => {
    let pending = 0;
    const clock = {
      ...systemClock,
      after: (ms: number, run: () => void) => {
        pending += 1;
        let isOver = false;
        const end = () => {
          if (!isOver) pending -= 1;
          isOver = true;
        };
        const cancel = systemClock.after(ms, () => {
          end();
          run();
        });
        return () => {
          end();
          cancel();
        };
      },
    };
    const server = makeServer('http', eventStreams[0]![1]);
    const bound = bindServer(server, { clock });
    const caller = await connect('http', await listen(server));
    open.push(caller.close);
    const answer = caller.request('/');
    await waitFor(() => bound.traffic.inFlight === 1);
    await bound.close(never, { streamsMs: 10, responsesMs: LATER });
    await answer;
    expect(pending).toBe(0);
  });
});
