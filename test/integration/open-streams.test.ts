import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { Server as SocketIoServer } from 'socket.io';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { RegistrarOptions } from 'rollcall';
import type { Registrar } from 'rollcall';
import { waitFor } from '../support/wait-for.js';
import type { EventRecord } from '../support/record-events.js';
import { cleanUp, freshName, later, listeningServer, portOf, registrarOn } from './fixtures/live.js';

const url = inject('consulUrl');
/** Stops whose drain takes no time, so that only what is open counts. */
const shutdown = { signals: false, drain: { min: 0, quiet: 0, streams: '300ms' }, timeout: '20s' } as const;

afterEach(cleanUp);

async function registered(
  server: Server,
  options: RegistrarOptions['shutdown'] = shutdown,
): Promise<{ registrar: Registrar; events: EventRecord; port: number }> {
  const { registrar, events } = registrarOn(url, { name: freshName('streams'), shutdown: options });
  registrar.bind(server);
  const started = registrar.start();
  if (!server.listening) {
    server.listen(0, '127.0.0.1');
    later(() => server.closeAllConnections());
  }
  await started;
  return { registrar, events, port: portOf(server) };
}

const eventStream = () =>
  listeningServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
  });

describe('a stop with open streams', () => {
  it('is clean with event streams, which end as their clients expect', async () => {
    const { registrar, events, port } = await registered(await eventStream());
    const stream = await fetch(`http://127.0.0.1:${port}/`);
    await registrar.stop();
    expect(await stream.text()).toBe('data: 1\n\n');
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
  });

  it('ends event streams at once where there is no drain', async () => {
    const { registrar, events, port } = await registered(await eventStream(), { ...shutdown, drain: false });
    const stream = await fetch(`http://127.0.0.1:${port}/`);
    await registrar.stop();
    expect(await stream.text()).toBe('data: 1\n\n');
    expect(events.of('stopped')[0]!.tookMs).toBeLessThan(2_000);
  });

  it('names what it had to cut off, and the option for it: a download, a long poll, a WebSocket', async () => {
    const server = await listeningServer((request, response) => {
      if (request.url === '/download') response.write('half');
    });
    server.on('upgrade', (_, socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'));
    const { registrar, events, port } = await registered(server);
    const download = await fetch(`http://127.0.0.1:${port}/download`);
    const poll = fetch(`http://127.0.0.1:${port}/poll`).then(
      () => 'answered',
      () => 'cut off',
    );
    const socket = connectTcp(port, '127.0.0.1').on('error', () => {});
    socket.write('GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    await once(socket, 'data');
    await waitFor(() => registrar.status().requestsInFlight === 2);
    await registrar.stop();
    await expect(download.text()).rejects.toThrow();
    expect(await poll).toBe('cut off');
    expect(events.of('stopped')[0]!.errors.map(({ message }) => message)).toEqual([
      'cut off at the end of shutdown.drain.streams (300ms), unfinished responses: 2, WebSockets: 1; ' +
        "raise it, or end them in a hook 'after drain'",
    ]);
  });

  it('is not longer for a client that has sent half a request', async () => {
    const server = await listeningServer();
    const { registrar, events, port } = await registered(server, {
      ...shutdown,
      drain: { ...shutdown.drain, streams: '15s' },
    });
    const accepted = once(server, 'connection');
    const socket = connectTcp(port, '127.0.0.1').on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHos');
    const gone = once(socket, 'close');
    const [peer] = (await accepted) as [Socket];
    await waitFor(() => peer.bytesRead > 0);
    await registrar.stop();
    await gone;
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
    expect(events.of('stopped')[0]!.tookMs).toBeLessThan(5_000);
  });
});

describe('the recipe for WebSockets', () => {
  it('of ws: every client gets 1001, and the stop is clean', async () => {
    const server = createServer();
    const webSockets = new WebSocketServer({ server });
    const { registrar, events, port } = await registered(server);
    registrar.onStop('after drain', 'websockets', () => {
      for (const client of webSockets.clients) client.close(1001, 'the service restarts');
    });
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    await once(client, 'open');
    const closed = once(client, 'close');
    await registrar.stop();
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1001, 'the service restarts']);
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
  });

  it.each(['websocket', 'polling'] as const)(
    'of socket.io (%s): clients reconnect, and the stop is clean',
    async (by) => {
      const server = createServer();
      const sockets = new SocketIoServer(server);
      const { registrar, events, port } = await registered(server);
      registrar.onStop('after drain', 'socket.io', () => {
        sockets.engine.close();
      });
      const client = io(`http://127.0.0.1:${port}`, { transports: [by], reconnectionDelay: 60_000 });
      later(() => client.close());
      await new Promise<void>((resolve) => client.on('connect', resolve));
      const end = new Promise<unknown>((resolve) =>
        client.on('disconnect', (reason) => resolve([reason, client.active])),
      );
      await registrar.stop();
      // Active: it reconnects by itself, which it does not after `disconnectSockets()`.
      expect(await end).toEqual(['transport close', true]);
      expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
    },
  );
});
