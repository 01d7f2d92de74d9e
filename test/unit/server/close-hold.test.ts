import { once } from 'node:events';
import net from 'node:net';
import type { Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { bindServer } from '../../../src/server/bound-server.js';
import type { BoundServer } from '../../../src/server/bound-server.js';
import { waitFor } from '../../support/wait-for.js';
import { connect, footprint, heldHandler, listen, makeServer } from './real-servers.js';
import type { Client, Handler, HttpKind } from './real-servers.js';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0).reverse()) close();
});

interface Listed {
  readonly server: Server & { closeIdleConnections(): void; closeAllConnections(): void };
  readonly bound: BoundServer;
  readonly port: number;
  /** What the host's callbacks and the owner of the binding were told, in order. */
  readonly told: string[];
  /** Calls `server.close` with a callback that reports under this name. */
  close(name: string): void;
  client(): Promise<Client>;
  leave(): void;
}

/** A server whose instance is listed until `leave()`. */
async function listed(kind: HttpKind = 'http', handler?: Handler, maxMs = 60_000): Promise<Listed> {
  const server = makeServer(kind, handler) as Listed['server'];
  let isListed = true;
  const bound = bindServer(server, { clock: systemClock, hold: { isListed: () => isListed, maxMs } });
  open.push(() => {
    bound.release();
    server.close();
  });
  const port = await listen(server);
  const told: string[] = [];
  bound.onClosed(() => told.push('owner'));
  return {
    server,
    bound,
    port,
    told,
    close: (name) => {
      server.close((error) =>
        told.push(error === undefined ? name : `${name}: ${(error as NodeJS.ErrnoException).code}`),
      );
    },
    async client() {
      const client = await connect(kind, port);
      open.push(client.close);
      return client;
    },
    leave: () => (isListed = false),
  };
}

describe.each(['http', 'https', 'h2c', 'h2'] as const)('close() of a listed server that speaks %s', (kind) => {
  it('tells its owner at once, serves on, old connections and new ones, and completes after the release', async () => {
    const { server, bound, told, close, client } = await listed(kind);
    const before = await client();
    close('host');
    expect(told).toEqual(['owner']);
    expect((await before.request('/')).body).toBe('served');
    expect((await (await client()).request('/')).body).toBe('served');
    expect(told).toEqual(['owner']);
    bound.releaseClose();
    expect(server.listening).toBe(false);
    await bound.close(new AbortController().signal);
    await waitFor(() => told.length === 2);
    expect(told).toEqual(['owner', 'host']);
  });
});

describe('close() of a listed server', () => {
  it('answers a second call as Node does: not running', async () => {
    const { bound, told, close } = await listed();
    close('first');
    close('second');
    bound.releaseClose();
    await waitFor(() => told.length === 3);
    expect(told).toEqual(['owner', 'first', 'second: ERR_SERVER_NOT_RUNNING']);
  });

  it('returns the server', async () => {
    const { server } = await listed();
    expect(server.close()).toBe(server);
  });

  it('waits for its longest time at most', async () => {
    const { told, close } = await listed('http', undefined, 50);
    close('host');
    await waitFor(() => told.includes('host'));
  });

  it('closes at once when callers no longer find the instance, and a server that does not run as ever', async () => {
    const { server, told, close, leave } = await listed();
    leave();
    close('host');
    expect(server.listening).toBe(false);
    await waitFor(() => told.length === 2);
    close('again');
    await waitFor(() => told.length === 3);
    expect(told).toEqual(['owner', 'host', 'again: ERR_SERVER_NOT_RUNNING']);
  });

  it('holds the other listeners of the service too, while it waits itself', async () => {
    const { bound, server, close, told } = await listed();
    const [alone, together] = [makeServer('http'), makeServer('http')];
    for (const other of [alone, together]) {
      await listen(other);
      bound.also(other);
      open.push(() => other.close());
    }
    alone.close();
    expect(alone.listening).toBe(false);
    close('host');
    together.close(() => told.push('together'));
    expect([server.listening, together.listening]).toEqual([true, true]);
    bound.releaseClose();
    expect([server.listening, together.listening]).toEqual([false, false]);
    await waitFor(() => told.length === 3);
  });

  it('closes before the host listens again', async () => {
    const { server, told, close } = await listed();
    close('host');
    const again = await listen(server);
    expect(told).toEqual(['owner', 'host']);
    const socket = net.connect(again, '127.0.0.1');
    open.push(() => socket.destroy());
    await once(socket, 'connect');
  });

  it.each(['closeIdleConnections', 'closeAllConnections'] as const)(
    'happens at once when %s() follows',
    async (end) => {
      const { server, told, close, client } = await listed();
      const caller = await client();
      await caller.request('/');
      close('host');
      server[end]();
      expect(server.listening).toBe(false);
      await caller.gone;
      await waitFor(() => told.includes('host'));
    },
  );

  it.each(['end', 'destroy'] as const)(
    'happens at once when the host calls %s() of an idle connection',
    async (end) => {
      for (const kind of ['http', 'https'] as const) {
        const { server, close, client } = await listed(kind);
        const sockets: net.Socket[] = [];
        server.on(kind === 'http' ? 'connection' : 'secureConnection', (socket: net.Socket) => sockets.push(socket));
        await (await client()).request('/');
        close('host');
        expect(server.listening).toBe(true);
        sockets[0]![end]();
        expect(server.listening).toBe(false);
      }
    },
  );

  it('happens at once when the host destroys a connection that has just come', async () => {
    const { server, port, close } = await listed();
    server.on('connection', (socket: net.Socket) => socket.destroy());
    close('host');
    net.connect(port, '127.0.0.1').on('error', () => {});
    await waitFor(() => !server.listening);
  });
});

describe('close() of a listed server does not take for the host what Node itself does:', () => {
  async function stillOpenAfter({ server, close }: Listed, act: () => Promise<unknown>): Promise<void> {
    close('host');
    await act();
    expect(server.listening).toBe(true);
  }

  it('the end of a response with Connection: close', async () => {
    const here = await listed();
    const caller = await here.client();
    await stillOpenAfter(here, async () => {
      await caller.request('/', 'GET', { Connection: 'close' });
      await caller.gone;
    });
  });

  it('the client that ends, or resets', async () => {
    const here = await listed();
    const [ends, resets] = [net.connect(here.port, '127.0.0.1'), net.connect(here.port, '127.0.0.1')];
    await Promise.all([once(ends, 'connect'), once(resets, 'connect')]);
    await waitFor(() => here.bound.traffic.openConnections === 2);
    await stillOpenAfter(here, async () => {
      ends.end();
      resets.resetAndDestroy();
      await waitFor(() => here.bound.traffic.openConnections === 0);
    });
  });

  it('the end of an idle connection after the timeout of the server', async () => {
    const here = await listed();
    Object.assign(here.server, { keepAliveTimeout: 50 });
    const caller = await here.client();
    await caller.request('/');
    await stillOpenAfter(here, () => caller.gone);
  });

  it('a request that cannot be parsed, also where the host answers it', async () => {
    for (const ownAnswer of [false, true]) {
      const here = await listed();
      if (ownAnswer)
        here.server.on('clientError', (_: Error, socket: net.Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      const socket = net.connect(here.port, '127.0.0.1').resume();
      open.push(() => socket.destroy());
      await once(socket, 'connect');
      await stillOpenAfter(here, async () => {
        socket.write('nonsense\r\n\r\n');
        await once(socket, 'close');
      });
    }
  });

  it('a request in progress that the host gives up', async () => {
    const { handler, arrived } = heldHandler();
    let destroy = () => {};
    const here = await listed('http', (request, response) => {
      destroy = () => request.socket.destroy();
      handler(request, response);
    });
    const caller = await here.client();
    caller.request('/').catch(() => {});
    await arrived;
    await stillOpenAfter(here, () => {
      destroy();
      return caller.gone;
    });
  });
});

it('leaves the server and its connections as they were, after the release', async () => {
  const server = makeServer('http');
  const before = footprint(server);
  const bound = bindServer(server, { clock: systemClock, hold: { isListed: () => true, maxMs: 60_000 } });
  const port = await listen(server);
  const sockets: net.Socket[] = [];
  server.on('connection', (socket: net.Socket) => sockets.push(socket));
  const caller = await connect('http', port);
  await caller.request('/');
  server.close();
  expect(Object.keys(Object.getOwnPropertyDescriptors(sockets[0]))).toContain('destroySoon');
  bound.releaseClose();
  for (const method of ['end', 'destroy', 'destroySoon']) expect(Object.hasOwn(sockets[0]!, method)).toBe(false);
  await bound.close(new AbortController().signal);
  bound.release();
  server.removeAllListeners('connection');
  expect({ ...footprint(server), connection: 0 }).toEqual({ ...before, connection: 0 });
  for (const method of ['listen', 'closeIdleConnections', 'closeAllConnections'])
    expect(Object.hasOwn(server, method)).toBe(false);
});
