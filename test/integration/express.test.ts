import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import express5 from 'express';
import type { RegistrarOptions } from 'rollcall';
import { expressRegistrar } from 'rollcall/express';
import { afterEach, describe, expect, it } from 'vitest';
import { recordEvents } from '../support/record-events.js';
import { waitFor } from '../support/wait-for.js';
import { brisk, httpCaller, roster } from './fixtures/in-memory.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

afterEach(cleanUp);

// The same calls, whichever of the two; the older one brings no types.
const express4 = createRequire(import.meta.url)('express4') as typeof express5;
const versions = [
  ['5', express5],
  ['4', express4],
] as const;

describe.each(versions)('the Express %s wiring', (_version, express) => {
  function appWith(options: RegistrarOptions = {}) {
    const { registry, passing } = roster();
    const name = freshName('express');
    const rc = expressRegistrar({ ...brisk, name, registry, ...options });
    later(() => rc.registrar.stop());
    const app = express();
    app.use(rc.middleware);
    app.get('/', (_request, response) => {
      response.send('hello');
    });
    return { app, rc, events: recordEvents(rc.registrar), passing: () => passing(name) };
  }

  it('binds and starts with what listen gives, and stops it', async () => {
    const { app, rc, events, passing } = appWith();
    const server = rc.bind(app.listen(0, '127.0.0.1'));
    await events.next('registered');
    const { port } = server.address() as AddressInfo;
    expect(rc.registrar.instance?.port).toBe(port);
    expect(await passing()).toEqual([rc.registrar.instance?.id]);
    const ask = httpCaller(port);
    expect(await ask('/')).toMatchObject({ status: 200, body: 'hello' });
    await rc.registrar.stop();
    expect(await passing()).toEqual([]);
    await expect(ask('/')).rejects.toThrow();
    expect(server.listening).toBe(false);
  });

  it('says who the health paths belong to: the server when bound, the middleware when not', async () => {
    const { app, rc, events } = appWith({ health: { path: '/health' } });
    const unbound = createServer(app).listen(0, '127.0.0.1');
    later(() => {
      unbound.closeAllConnections();
      unbound.close();
    });
    await once(unbound, 'listening');
    const askUnbound = httpCaller((unbound.address() as AddressInfo).port);
    expect(await askUnbound('/health/live')).toMatchObject({ status: 200, body: '{"status":"pass"}' });
    expect((await askUnbound('/health')).status).toBe(503);
    expect((await askUnbound('/')).body).toBe('hello');

    const server = rc.bind(app.listen(0, '127.0.0.1'));
    await events.next('registered');
    expect((await httpCaller((server.address() as AddressInfo).port)('/health')).status).toBe(200);
  });

  it('answers health requests before middleware that was mounted earlier could hang', async () => {
    const { registry } = roster();
    const rc = expressRegistrar({ ...brisk, name: 'late', registry, health: { path: '/health' } });
    later(() => rc.registrar.stop());
    const app = express().use(() => {});
    const server = rc.bind(app.listen(0, '127.0.0.1'));
    await waitFor(() => rc.registrar.state === 'registered');
    expect((await httpCaller((server.address() as AddressInfo).port)('/health')).status).toBe(200);
  });

  it('leaves every path to the app when no health path is asked for', async () => {
    const { app, rc, events } = appWith();
    app.get('/health', (_request, response) => {
      response.send('mine');
    });
    const server = rc.bind(app.listen(0, '127.0.0.1'));
    await events.next('registered');
    expect((await httpCaller((server.address() as AddressInfo).port)('/health')).body).toBe('mine');
  });

  it('throws on options that cannot work, before any server is there', () => {
    expect(() => expressRegistrar({ ...brisk, name: '' })).toThrow('name');
  });
});
