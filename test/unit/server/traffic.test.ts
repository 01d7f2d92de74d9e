import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import type { Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { aggregateHealth } from '../../../src/health/aggregate-health.js';
import { healthEndpoint } from '../../../src/health/endpoint.js';
import { bindServer } from '../../../src/server/bound-server.js';
import type { BindOptions } from '../../../src/server/bound-server.js';
import { waitFor } from '../../support/wait-for.js';
import { connect, footprint, heldHandler, listen, makeServer, stoppedClock } from './real-servers.js';
import type { Client } from './real-servers.js';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

const endpointAt = (path: string, ready: boolean) =>
  healthEndpoint({ path, details: false, facts: () => ({ ready, draining: false, health: aggregateHealth([]) }) });

function watch(server: Server, options: Partial<BindOptions> = {}) {
  open.push(() => server.close());
  return bindServer(server, { clock: stoppedClock(0), ...options });
}

async function client(...to: Parameters<typeof connect>): Promise<Client> {
  const connected = await connect(...to);
  open.push(connected.close);
  return connected;
}

const kinds = ['http', 'https', 'h2c', 'h2'] as const;

describe.each(kinds)('traffic of a server that speaks %s', (kind) => {
  it('is nothing before the first request', async () => {
    const bound = watch(makeServer(kind));
    expect(bound.traffic).toEqual({ inFlight: 0, served: 0, openConnections: 0 });
  });

  it('counts a request while in flight, then as served', async () => {
    const { handler, arrived, answer } = heldHandler();
    const server = makeServer(kind, handler);
    const bound = watch(server);
    const caller = await client(kind, await listen(server));
    const answered = caller.request('/');
    await arrived;
    expect(bound.traffic).toMatchObject({ inFlight: 1, served: 0, openConnections: 1 });
    answer();
    expect((await answered).body).toBe('late');
    await waitFor(() => bound.traffic.inFlight === 0);
    expect(bound.traffic).toMatchObject({ inFlight: 0, served: 1, openConnections: 1 });
    caller.close();
    await waitFor(() => bound.traffic.openConnections === 0);
  });

  it('knows by address how requests have come', async () => {
    const server = makeServer(kind);
    const clock = stoppedClock(1_000);
    const bound = watch(server, { clock });
    const port = await listen(server);
    expect(bound.sources).toEqual([]);
    const caller = await client(kind, port);
    await caller.request('/');
    clock.set(3_000);
    await caller.request('/');
    expect(bound.sources).toEqual([
      expect.objectContaining({ address: '127.0.0.1', lastAt: 3_000, gaps: 1, meanGapMs: 2_000, longestGapMs: 2_000 }),
    ]);
    clock.set(4_000);
    await (await client(kind, port)).request('/');
    expect(bound.sources).toEqual([expect.objectContaining({ lastAt: 4_000, gaps: 2, meanGapMs: 1_500 })]);
    clock.set(64_001);
    expect(bound.sources).toEqual([]);
  });

  it('looks at the clock for a busy address now and then, and when somebody asks', async () => {
    const server = makeServer(kind);
    const clock = stoppedClock(1_000);
    const timers: (() => void)[] = [];
    let looks = 0;
    const counting = {
      ...clock,
      now: () => ((looks += 1), clock.now()),
      after: (_ms: number, run: () => void) => (timers.push(run), () => undefined),
    };
    const bound = watch(server, { clock: counting });
    const caller = await client(kind, await listen(server));
    for (let i = 0; i < 50; i += 1) {
      clock.set(1_000 + i);
      await caller.request('/');
    }
    expect(looks).toBe(33);
    clock.set(1_060);
    await caller.request('/');
    expect(bound.sources).toEqual([expect.objectContaining({ lastAt: expect.closeTo(1_060) as number, gaps: 32 })]);
    expect(timers).toHaveLength(1);
    timers[0]?.();
    looks = 0;
    clock.set(1_070);
    await caller.request('/');
    expect(looks).toBe(1);
    expect(bound.sources).toEqual([expect.objectContaining({ lastAt: 1_070 })]);
  });

  it('takes no prober for a source, until it brings something else', async () => {
    const server = makeServer(kind);
    const bound = watch(server);
    const caller = await client(kind, await listen(server));
    await caller.request('/', 'GET', { 'user-agent': 'kube-probe/1.31' });
    expect(bound.sources).toEqual([]);
    await caller.request('/', 'GET', { 'user-agent': 'curl/8' });
    expect(bound.sources).toMatchObject([{ address: '127.0.0.1', gaps: 0 }]);
    await waitFor(() => bound.traffic.served === 2);
  });

  it('ends a request whose caller went away', async () => {
    const { handler, arrived } = heldHandler();
    const server = makeServer(kind, handler);
    const bound = watch(server);
    const caller = await client(kind, await listen(server));
    caller.request('/').catch(() => {});
    await arrived;
    caller.close();
    await waitFor(() => bound.traffic.inFlight === 0);
    expect(bound.traffic.served).toBe(1);
  });

  it('leaves health requests out and answers them before the host sees them', async () => {
    const seen: (string | undefined)[] = [];
    const server = makeServer(kind, (request, response) => {
      seen.push(request.url);
      response.end('host');
    });
    const bound = watch(server, { endpoints: [endpointAt('/health', true)] });
    const caller = await client(kind, await listen(server));
    const health = await caller.request('/health/ready');
    expect(health).toMatchObject({ status: 200, body: '{"status":"pass"}' });
    expect(health.headers['content-type']).toBe('application/health+json');
    expect((await caller.request('/health', 'HEAD')).body).toBe('');
    expect(bound.traffic.served).toBe(0);
    expect((await caller.request('/healthy')).body).toBe('host');
    expect((await caller.request('/health', 'DELETE')).body).toBe('host');
    expect(seen).toEqual(['/healthy', '/health']);
    await waitFor(() => bound.traffic.served === 2);
  });

  it('is no longer watched after release, and the server is as it was', async () => {
    const server = makeServer(kind);
    const before = footprint(server);
    const bound = watch(server, { endpoints: [endpointAt('/served', true)] });
    const waiting = bound.listening(new AbortController().signal);
    bound.release();
    await expect(waiting).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
    expect(footprint(server)).toEqual(before);
    const caller = await client(kind, await listen(server));
    expect((await caller.request('/served')).body).toBe('served');
    expect(bound.traffic.served).toBe(0);
  });
});

describe('what else counts as traffic', () => {
  it('a connection, on a server that is not HTTP', async () => {
    const server = makeServer('tcp');
    const bound = watch(server);
    const socket = net.connect(await listen(server), '127.0.0.1');
    open.push(() => socket.destroy());
    await waitFor(() => bound.traffic.openConnections === 1);
    expect(bound.traffic).toMatchObject({ inFlight: 1, served: 0, openConnections: 1 });
    socket.end();
    await waitFor(() => bound.traffic.served === 1);
    expect(bound.traffic.openConnections).toBe(0);
  });

  it('no connection that ends without a word, on a server that is not HTTP', async () => {
    const server = makeServer('tcp');
    const bound = watch(server);
    const port = await listen(server);
    const check = net.connect(port, '127.0.0.1');
    await once(check, 'connect');
    check.end();
    await waitFor(() => bound.traffic.served === 1);
    expect(bound.sources).toEqual([]);
    const caller = net.connect(port, '127.0.0.1');
    open.push(() => caller.destroy());
    caller.write('word');
    await once(caller, 'data');
    expect(bound.sources).toMatchObject([{ address: '127.0.0.1', gaps: 0 }]);
    caller.destroy();
    await waitFor(() => bound.traffic.served === 2);
    expect(bound.sources).toMatchObject([{ gaps: 0 }]);
  });

  it('a raw HTTP/2 stream, once, and its health requests not', async () => {
    const server = http2.createServer();
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('raw');
    });
    const bound = watch(server, { endpoints: [endpointAt('/health', false)] });
    const caller = await client('h2c', await listen(server));
    expect((await caller.request('/')).body).toBe('raw');
    expect((await caller.request('/health')).status).toBe(503);
    await waitFor(() => bound.traffic.served === 1);
  });

  it('a request that a host continues by hand, once', async () => {
    const server = makeServer('http');
    server.on('checkContinue', (request, response: http.ServerResponse) => {
      response.writeContinue();
      server.emit('request', request, response);
    });
    const bound = watch(server);
    const request = http.request({
      port: await listen(server),
      host: '127.0.0.1',
      method: 'PUT',
      headers: { Expect: '100-continue' },
    });
    request.end('body');
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await waitFor(() => bound.traffic.inFlight === 0);
    expect(bound.traffic.served).toBe(1);
  });

  it('the handshake of a WebSocket, but not its life', async () => {
    const server = makeServer('http');
    server.on('upgrade', (_, socket: net.Socket) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
    );
    const bound = watch(server);
    const socket = net.connect(await listen(server), '127.0.0.1');
    open.push(() => socket.destroy());
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    await once(socket, 'data');
    expect(bound.traffic).toMatchObject({ inFlight: 0, served: 1, openConnections: 1 });
    expect(bound.sources).toMatchObject([{ address: '127.0.0.1' }]);
  });

  it('pipelined requests, also when their connection dies before they were answered', async () => {
    const server = makeServer('http', () => {});
    const bound = watch(server);
    const socket = net.connect(await listen(server), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    await waitFor(() => bound.traffic.inFlight === 3);
    socket.destroy();
    await waitFor(() => bound.traffic.inFlight === 0);
    expect(bound.traffic.served).toBe(3);
  });
});

describe('an observer beside others', () => {
  it('steps out of the way when somebody wrapped emit over it', async () => {
    const server = makeServer('http');
    const bound = watch(server);
    const ours = server.emit;
    let wrapped = 0;
    server.emit = function emit(this: Server, ...args: Parameters<Server['emit']>) {
      wrapped += 1;
      return ours.apply(this, args);
    } as Server['emit'];
    bound.release();
    const caller = await client('http', await listen(server));
    expect((await caller.request('/')).body).toBe('served');
    expect(wrapped).toBeGreaterThan(0);
    expect(bound.traffic.served).toBe(0);
  });
});
