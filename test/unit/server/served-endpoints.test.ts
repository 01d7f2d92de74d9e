import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import net from 'node:net';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../src/contracts/endpoint.js';
import { aggregateHealth } from '../../../src/health/aggregate-health.js';
import { healthEndpoint } from '../../../src/health/endpoint.js';
import { bindServer } from '../../../src/server/bound-server.js';
import { waitFor } from '../../support/wait-for.js';
import { connect, listen, makeServer, stoppedClock } from './real-servers.js';
import type { Client, HttpKind } from './real-servers.js';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

const health = healthEndpoint({
  path: '/health',
  details: false,
  facts: () => ({ ready: true, draining: false, health: aggregateHealth([]) }),
});

/** Answers `/events` by a stream of words; `send` sends one to each client. */
function eventStream() {
  const clients = new Set<Pick<ServerResponse, 'write' | 'end'>>();
  const follow = (client: Pick<ServerResponse, 'write' | 'end' | 'once'>) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    client.write('hello ');
  };
  const endpoint: Endpoint = {
    handles: (url) => url === '/events',
    answer(_request, reply) {
      reply.writeHead(200, { 'Content-Type': 'text/event-stream' });
      follow(reply);
    },
    answerStream(stream) {
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      follow(stream as unknown as ServerResponse);
    },
  };
  return {
    endpoint,
    clients,
    send: (word: string) => clients.forEach((client) => client.write(word)),
    end: () => clients.forEach((client) => client.end()),
  };
}

async function bound(kind: HttpKind, endpoints: readonly Endpoint[]) {
  const server = makeServer(kind, (_request: IncomingMessage, response: ServerResponse) => response.end('host'));
  open.push(() => server.close());
  const watched = bindServer(server, { clock: stoppedClock(0), endpoints });
  const port = await listen(server);
  const client: Client = await connect(kind, port);
  open.push(client.close);
  return { server, watched, client, port };
}

async function next(body: Readable): Promise<string> {
  const [chunk] = (await once(body, 'data')) as [Buffer];
  return chunk.toString();
}

describe.each(['http', 'https', 'h2c', 'h2'] as const)('endpoints of a server that speaks %s', (kind) => {
  it('answer each their own URLs, and leave all others to the host', async () => {
    const page = eventStream();
    const { watched, client } = await bound(kind, [health, page.endpoint]);
    const { headers, body } = await client.begin('/events');
    expect([headers['content-type'], await next(body)]).toEqual(['text/event-stream', 'hello ']);
    page.end();
    await once(body.resume(), 'end');
    expect((await client.request('/health')).body).toBe('{"status":"pass"}');
    expect(watched.traffic).toMatchObject({ inFlight: 0, served: 0 });
    expect((await client.request('/events/none')).body).toBe('host');
  });

  it('may stream an answer: it arrives as it is written', async () => {
    const page = eventStream();
    const { client } = await bound(kind, [health, page.endpoint]);
    const { body } = await client.begin('/events');
    expect(await next(body)).toBe('hello ');
    page.send('world');
    expect(await next(body)).toBe('world');
    const ended = once(body.resume(), 'end');
    page.end();
    await ended;
  });

  it('that stream do not hold up the closing of the server', async () => {
    const page = eventStream();
    const { watched, client } = await bound(kind, [health, page.endpoint]);
    const { body } = await client.begin('/events');
    body.on('error', () => undefined);
    await next(body);
    expect(page.clients.size).toBe(1);
    await Promise.all([watched.close(new AbortController().signal), client.gone]);
    await waitFor(() => page.clients.size === 0);
  });

  it('are asked in their order', async () => {
    const first = healthEndpoint({
      path: '/health',
      details: false,
      facts: () => ({ ready: true, draining: true, health: aggregateHealth([]) }),
    });
    const { client } = await bound(kind, [first, health]);
    expect((await client.request('/health')).status).toBe(503);
  });
});

it('lets an answer arrive whole that has been written when the server closes', async () => {
  const size = 5_000_000;
  let finish = () => {};
  const large: Endpoint = {
    handles: () => true,
    answer: () => undefined,
    answerStream(stream) {
      stream.respond({ ':status': 200 });
      finish = () => stream.end(Buffer.alloc(size));
    },
  };
  const { watched, client } = await bound('h2c', [large]);
  const { body } = await client.begin('/');
  finish();
  const closed = watched.close(new AbortController().signal);
  let received = 0;
  body.on('data', (chunk: Buffer) => (received += chunk.length));
  await Promise.all([closed, once(body, 'end')]);
  expect(received).toBe(size);
});

it('cuts off an answer that begins only when the server closes already', async () => {
  const page = eventStream();
  const { server, watched, port } = await bound('http', [page.endpoint]);
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = net.connect(port, '127.0.0.1');
  open.push(() => socket.destroy());
  socket.write('GET /events HTTP/1.1\r\n');
  const [connection] = await accepted;
  await waitFor(() => connection.bytesRead > 0);
  const closed = watched.close(new AbortController().signal);
  socket.write('Host: x\r\n\r\n');
  await closed;
  await waitFor(() => page.clients.size === 0);
});
