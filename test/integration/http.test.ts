import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps, get } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { Registrar, hasCode, register } from 'rollcall';
import type { RegistrarOptions } from 'rollcall';
import { afterEach, describe, expect, it } from 'vitest';
import { recordEvents } from '../support/record-events.js';
import { waitFor } from '../support/wait-for.js';
import { certificate, footprint } from '../unit/server/real-servers.js';
import { brisk, httpCaller, roster } from './fixtures/in-memory.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

afterEach(cleanUp);

async function listen(server: Server): Promise<number> {
  later(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Registered with a registry that can be looked at. */
async function registered(server: Server, options: RegistrarOptions = {}) {
  const { registry, passing } = roster();
  const name = freshName('http');
  const registrar = await register(server, { ...brisk, name, registry, ...options });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  await waitFor(() => registrar.state === 'registered');
  return { registrar, events, passing: () => passing(name) };
}

describe('a node:http server', () => {
  it('is closed in time although a request never ends', async () => {
    const server = createHttp(() => {});
    const port = await listen(server);
    const { registrar, events } = await registered(server, {
      shutdown: { ...brisk.shutdown, drain: { min: 0, quiet: 0, max: '200ms' }, timeout: '1s' },
    });
    const arrived = once(server, 'request');
    const asked = httpCaller(port)('/').catch((error: unknown) => error);
    await arrived;
    await registrar.stop();
    expect(await asked).toBeInstanceOf(Error);
    const [stopped] = events.of('stopped');
    expect(stopped?.errors.some((error) => hasCode(error, 'ROLLCALL_TIMEOUT'))).toBe(true);
  });

  it('is listed with the port it got, and stopped in order: out, served, closed', async () => {
    const server = createHttp((_, response) => response.end('served'));
    const before = footprint(server);
    const port = await listen(server);
    const serveOn = { shutdown: { ...brisk.shutdown, drain: { min: '500ms', quiet: 0, max: '2s' } } } as const;
    const { registrar, events, passing } = await registered(server, serveOn);
    expect(registrar.instance).toMatchObject({ port });
    const ask = httpCaller(port);
    expect(await ask('/')).toMatchObject({ status: 200, connection: 'keep-alive' });
    const stopping = registrar.stop();
    await events.next('deregistered');
    expect(await passing()).toEqual([]);
    expect(await ask('/')).toEqual({ status: 200, connection: 'close', body: 'served' });
    await stopping;
    expect(server.listening).toBe(false);
    // Only the first close() of the host is still awaited.
    await new Promise((resolve) => server.close(resolve));
    expect(footprint(server)).toEqual(before);
  });

  it('need not listen yet when it is handed over', async () => {
    const server = createHttp();
    const registering = registered(server);
    const port = await listen(server);
    expect((await registering).registrar.instance?.port).toBe(port);
  });

  it('that its host closes is out of the registry, and the Registrar is done', async () => {
    const server = createHttp();
    await listen(server);
    const { events, passing } = await registered(server);
    server.close();
    await events.next('stopped');
    expect(await passing()).toEqual([]);
  });

  it('is closed although a caller connected and never said a word', async () => {
    const server = createHttp();
    const port = await listen(server);
    const { registrar } = await registered(server);
    const accepted = once(server, 'connection');
    const silent = connect(port, '127.0.0.1');
    later(() => silent.destroy());
    await accepted;
    const gone = once(silent, 'close');
    await registrar.stop();
    await gone;
  });

  it('on a Unix socket fails for good, and lives on', async () => {
    const server = createHttp();
    const path = `/tmp/rollcall-${process.pid}-${freshName('socket')}`;
    later(() => server.close());
    server.listen(path);
    await once(server, 'listening');
    const registrar = new Registrar({ ...brisk, name: 'socket', registry: roster().registry });
    later(() => registrar.stop());
    await expect(registrar.bind(server).start()).rejects.toMatchObject({ code: 'ROLLCALL_CONFIG' });
    expect(registrar.state).toBe('failed');
    expect(server.listening).toBe(true);
  });
});

describe('a node:https server', () => {
  it('answers its health paths and is stopped like any other', async () => {
    const server = createHttps(certificate, (_, response) => response.end('secret'));
    const port = await listen(server);
    const { registrar, passing } = await registered(server, { health: { path: '/health' } });
    const status = await new Promise((resolve, reject) => {
      get(
        { port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost', path: '/health/ready' },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      ).on('error', reject);
    });
    expect(status).toBe(200);
    expect(await passing()).toHaveLength(1);
    await registrar.stop();
    expect(await passing()).toEqual([]);
    expect(server.listening).toBe(false);
  });
});
