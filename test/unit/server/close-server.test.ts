import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import type { Server } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { bindServer } from '../../../src/server/bound-server.js';
import type { BindOptions } from '../../../src/server/bound-server.js';
import { waitFor } from '../../support/wait-for.js';
import { certificate, connect, footprint, heldHandler, listen, makeServer } from './real-servers.js';
import type { Client } from './real-servers.js';

const never = new AbortController().signal;
const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

function watch(server: Server, options: Partial<BindOptions> = {}) {
  open.push(() => server.close());
  return bindServer(server, { clock: systemClock, ...options });
}

async function client(...to: Parameters<typeof connect>): Promise<Client> {
  const connected = await connect(...to);
  open.push(connected.close);
  return connected;
}

function rawSocket(port: number): net.Socket {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  open.push(() => socket.destroy());
  return socket;
}

describe.each(['http', 'https', 'h2c', 'h2'] as const)('closing a server that speaks %s', (kind) => {
  it('ends idle kept connections and resolves', async () => {
    const server = makeServer(kind);
    const bound = watch(server);
    const port = await listen(server);
    const callers = [await client(kind, port), await client(kind, port)];
    for (const caller of callers) expect((await caller.request('/')).body).toBe('served');
    await bound.close(never);
    await Promise.all(callers.map((caller) => caller.gone));
    expect(bound.isListening).toBe(false);
    await waitFor(() => bound.traffic.openConnections === 0);
  });

  it('lets a request in flight end first, and then its connection', async () => {
    const { handler, arrived, answer } = heldHandler();
    const server = makeServer(kind, handler);
    const bound = watch(server);
    const port = await listen(server);
    const caller = await client(kind, port);
    const answered = caller.request('/');
    await arrived;
    let done = false;
    const closing = bound.close(never).then(() => {
      done = true;
    });
    await waitFor(() => !server.listening);
    await expect(connect(kind, port)).rejects.toThrow();
    expect(done).toBe(false);
    answer();
    expect((await answered).body).toBe('late');
    await Promise.all([closing, caller.gone]);
  });

  it('ends a connection whose answer had begun before, without Connection: close', async () => {
    let finish = () => {};
    const server = makeServer(kind, (_, response) => {
      response.writeHead(200);
      response.write('begun,');
      finish = () => response.end('done');
    });
    const bound = watch(server);
    const caller = await client(kind, await listen(server));
    const answered = caller.request('/');
    await waitFor(() => bound.traffic.inFlight === 1);
    const closing = bound.close(never);
    await waitFor(() => !server.listening);
    finish();
    expect((await answered).body).toBe('begun,done');
    await Promise.all([closing, caller.gone]);
  });

  it('cuts off what is left when the signal aborts, and rejects with its reason', async () => {
    const { handler, arrived } = heldHandler();
    const server = makeServer(kind, handler);
    const bound = watch(server);
    const caller = await client(kind, await listen(server));
    caller.request('/').catch(() => {});
    await arrived;
    const closed = once(server, 'close');
    const deadline = new AbortController();
    const closing = bound.close(deadline.signal);
    deadline.abort(new Error('time is up'));
    await expect(closing).rejects.toThrow('time is up');
    await Promise.all([closed, caller.gone]);
  });

  it('is success for a server that never listened', async () => {
    const server = makeServer(kind);
    await expect(watch(server).close(never)).resolves.toEqual({ responses: 0, upgraded: 0 });
  });

  it('tells nobody that the host closed it, and joins a second call', async () => {
    const server = makeServer(kind);
    const bound = watch(server);
    await listen(server);
    let told = false;
    bound.onClosed(() => {
      told = true;
    });
    const first = bound.close(never);
    expect(bound.close(never)).toBe(first);
    await first;
    expect(told).toBe(false);
  });

  it('leaves the server as it was, after release', async () => {
    const server = makeServer(kind);
    const before = footprint(server);
    const bound = watch(server);
    const caller = await client(kind, await listen(server));
    await caller.request('/');
    await bound.close(never);
    bound.release();
    expect(footprint(server)).toEqual(before);
  });

  it('leaves its `close` to a host that may yet call it, and nothing after that call', async () => {
    const server = makeServer(kind);
    const before = footprint(server);
    const bound = watch(server);
    await listen(server);
    await bound.close(never);
    bound.release(true);
    expect(footprint(server)).toEqual({ ...before, ownClose: 1 });
    await new Promise((resolve) => server.close(resolve));
    expect(footprint(server)).toEqual(before);
  });

  it('answers the first close() of the host, before or after release, as if it had closed the server itself', async () => {
    for (const isReleased of [false, true]) {
      const server = makeServer(kind);
      const bound = watch(server);
      await listen(server);
      await bound.close(never);
      if (isReleased) bound.release(true);
      const close = () => new Promise<Error | undefined>((resolve) => server.close(resolve));
      expect(await close()).toBeUndefined();
      expect(await close()).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' });
    }
  });

  it('finishes what a close by the host had begun', async () => {
    const { handler, arrived, answer } = heldHandler();
    const server = makeServer(kind, handler);
    const bound = watch(server);
    const caller = await client(kind, await listen(server));
    const answered = caller.request('/');
    await arrived;
    server.close();
    const closing = bound.close(never);
    answer();
    expect((await answered).body).toBe('late');
    await Promise.all([closing, caller.gone]);
    await expect(bound.close(never)).resolves.toEqual({ responses: 0, upgraded: 0 });
  });
});

/** From 24 on a server that is closed ends its HTTP/2 sessions by itself, and refuses what they still ask for. */
const nodeEndsSessions = Number(process.versions.node.split('.')[0]) >= 24;

describe('closing connections that Node would wait for', () => {
  it('ends one that never said a word', async () => {
    const server = makeServer('http');
    const bound = watch(server);
    const silent = rawSocket(await listen(server));
    const gone = once(silent, 'close');
    await waitFor(() => bound.traffic.openConnections === 1);
    await bound.close(never);
    await gone;
  });

  it('ends TLS ones that never said a word, before or after the handshake', async () => {
    const server = makeServer('https');
    const bound = watch(server);
    const port = await listen(server);
    const bare = rawSocket(port);
    const secured = once(server, 'secureConnection');
    const shaken = tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' });
    open.push(() => shaken.destroy());
    await secured;
    await waitFor(() => bound.traffic.openConnections === 2);
    const gone = Promise.all([once(bare, 'close'), once(shaken, 'close')]);
    await bound.close(never);
    await gone;
  });

  it('ends HTTP/1 and HTTP/2 on the same port', async () => {
    const server = http2.createSecureServer({ ...certificate, allowHTTP1: true }, (_, response) =>
      response.end('both'),
    );
    const bound = watch(server);
    const port = await listen(server);
    const old = await client('https', port);
    const current = await client('h2', port);
    expect((await old.request('/')).body).toBe('both');
    expect((await current.request('/')).body).toBe('both');
    await waitFor(() => bound.traffic.served === 2);
    await bound.close(never);
    await Promise.all([old.gone, current.gone]);
  });

  it('ends connections that are older than the binding', async () => {
    const server = makeServer('http');
    const port = await listen(server);
    const caller = await client('http', port);
    await caller.request('/');
    await watch(server).close(never);
    await caller.gone;
  });

  it('ends an HTTP/2 session that is older than the binding but was used since', async () => {
    const server = makeServer('h2c');
    const caller = await client('h2c', await listen(server));
    await caller.request('/');
    const bound = watch(server);
    await caller.request('/');
    await bound.close(never);
    await caller.gone;
  });

  it('ends an HTTP/2 session that is older than the binding at its next request', async () => {
    const server = makeServer('h2c');
    const caller = await client('h2c', await listen(server));
    const bound = watch(server);
    const closing = bound.close(never);
    const outcome = await caller.request('/').then(({ body }) => body, String);
    expect(outcome).toMatch(nodeEndsSessions ? /REFUSED_STREAM/ : /^served$/);
    await Promise.all([closing, caller.gone]);
  });

  it('cuts off connections that are older than the binding', async () => {
    const { handler, arrived } = heldHandler();
    const server = makeServer('http', handler);
    const caller = await client('http', await listen(server));
    caller.request('/').catch(() => {});
    await arrived;
    await expect(watch(server).close(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    await caller.gone;
  });

  it('ends one whose answer had begun before, without Connection: close', async () => {
    let finish = () => {};
    const server = makeServer('http', (_, response) => {
      response.write('begun,');
      finish = () => response.end('done');
    });
    const bound = watch(server);
    const socket = rawSocket(await listen(server));
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(String((await once(socket, 'data'))[0])).toContain('Connection: keep-alive');
    const gone = once(socket, 'close');
    const closing = bound.close(never);
    await waitFor(() => !server.listening);
    finish();
    expect(String((await once(socket, 'data'))[0])).toContain('done');
    await Promise.all([closing, gone]);
  });

  it('ends one whose request was half sent at the close, and whose host insists on keeping it', async () => {
    const server = makeServer('http', (_, response) => {
      response.writeHead(200, { Connection: 'keep-alive' }).end('kept');
    });
    const bound = watch(server);
    const socket = rawSocket(await listen(server));
    const gone = once(socket, 'close');
    const read = once(server, 'connection').then(([accepted]) => accepted as net.Socket);
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const accepted = await read;
    await waitFor(() => accepted.bytesRead > 0);
    const closing = bound.close(never);
    socket.write('\r\n');
    expect(String((await once(socket, 'data'))[0])).toContain('Connection: keep-alive');
    await Promise.all([closing, gone]);
  });

  it('waits for a server that was closed and opened again', async () => {
    const { handler, arrived, answer } = heldHandler();
    const server = makeServer('http', handler);
    const bound = watch(server);
    await listen(server);
    const closedBefore = once(server, 'close');
    server.close();
    await closedBefore;
    const caller = await client('http', await listen(server));
    const answered = caller.request('/');
    await arrived;
    let done = false;
    const closing = bound.close(never).then(() => {
      done = true;
    });
    await waitFor(() => !server.listening);
    expect(done).toBe(false);
    answer();
    await Promise.all([answered, closing]);
  });

  it('waits for the connections of a plain TCP server, until the signal aborts', async () => {
    const server = makeServer('tcp');
    const bound = watch(server);
    const socket = rawSocket(await listen(server));
    await waitFor(() => bound.traffic.openConnections === 1);
    const deadline = new AbortController();
    const closing = bound.close(deadline.signal);
    socket.write('still');
    expect(String((await once(socket, 'data'))[0])).toBe('still');
    const gone = once(socket, 'close');
    deadline.abort(new Error('time is up'));
    await expect(closing).rejects.toThrow('time is up');
    await gone;
  });

  it('cuts off at once when the signal has aborted before', async () => {
    const { handler, arrived } = heldHandler();
    const server = makeServer('http', handler);
    const bound = watch(server);
    const caller = await client('http', await listen(server));
    caller.request('/').catch(() => {});
    await arrived;
    await expect(bound.close(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    await caller.gone;
    expect(bound.isListening).toBe(false);
  });
});

describe('a host with a way of its own to close', () => {
  it('is asked in place of server.close', async () => {
    const server = makeServer('http');
    let asked = 0;
    const bound = watch(server, {
      close: () =>
        new Promise((resolve) => {
          asked += 1;
          server.close(() => resolve());
        }),
    });
    const caller = await client('http', await listen(server));
    await caller.request('/');
    await bound.close(never);
    await caller.gone;
    expect(asked).toBe(1);
  });

  it('is asked even when the server never listened', async () => {
    let asked = false;
    const bound = watch(makeServer('http'), {
      close: async () => {
        asked = true;
      },
    });
    await bound.close(never);
    expect(asked).toBe(true);
  });

  it('has its failure told after the server was closed all the same', async () => {
    const server = makeServer('http');
    const bound = watch(server, { close: () => Promise.reject(new Error('a hook failed')) });
    await listen(server);
    await expect(bound.close(never)).rejects.toThrow('a hook failed');
    expect(server.listening).toBe(false);
  });

  it('does not hold the close back past the signal', async () => {
    const server = makeServer('http');
    const bound = watch(server, { close: () => new Promise(() => {}) });
    await listen(server);
    const deadline = new AbortController();
    const closing = bound.close(deadline.signal);
    deadline.abort(new Error('time is up'));
    await expect(closing).rejects.toThrow('time is up');
    expect(server.listening).toBe(false);
  });
});

describe('draining', () => {
  it.each(['http', 'https'] as const)(
    'asks %s callers to close their connections, also those waiting for an answer',
    async (kind) => {
      const { handler, arrived, answer } = heldHandler();
      const server = makeServer(kind, handler);
      const bound = watch(server);
      const caller = await client(kind, await listen(server));
      const answered = caller.request('/');
      await arrived;
      bound.startDraining();
      answer();
      expect((await answered).headers['connection']).toBe('close');
      await caller.gone;

      const next = await client(kind, (server.address() as net.AddressInfo).port);
      const served = once(server, 'request').then(() => answer());
      expect((await next.request('/')).headers['connection']).toBe('close');
      await served;
      expect(bound.isListening).toBe(true);
    },
  );

  it('tells an HTTP/2 session at its next stream to use another one; that stream is answered, and so is a new session', async () => {
    const server = makeServer('h2c');
    const bound = watch(server);
    const port = await listen(server);
    const before = http2.connect(`http://127.0.0.1:${port}`);
    open.push(() => before.destroy());
    let told = 0;
    before.on('goaway', () => (told += 1));
    const ask = async (session: http2.ClientHttp2Session) => {
      const stream = session.request({ ':path': '/' });
      const answered = once(stream, 'response');
      stream.resume();
      await once(stream, 'close');
      return ((await answered) as [http2.IncomingHttpHeaders & { ':status': number }])[0][':status'];
    };
    expect(await ask(before)).toBe(200);
    bound.startDraining();
    expect([await ask(before), told]).toEqual([200, 1]);
    const next = http2.connect(`http://127.0.0.1:${port}`);
    open.push(() => next.destroy());
    expect(await ask(next)).toBe(200);
    expect(bound.isListening).toBe(true);
  });

  it('leaves an answer alone whose headers have gone out', async () => {
    let finish = () => {};
    const server = makeServer('http', (_, response) => {
      response.flushHeaders();
      finish = () => response.end();
    });
    const bound = watch(server);
    const request = http.get({ port: await listen(server), host: '127.0.0.1' });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(() => bound.startDraining()).not.toThrow();
    finish();
    response.resume();
    await once(response, 'end');
    expect(response.headers.connection).not.toBe('close');
    request.destroy();
  });
});
