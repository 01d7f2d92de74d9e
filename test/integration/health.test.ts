import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import { Registrar } from 'rollcall';
import { expressRegistrar } from 'rollcall/express';
import rollcall from 'rollcall/fastify';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { recordEvents } from '../support/record-events.js';
import { freePorts } from '../support/servers/free-ports.js';
import { waitFor } from '../support/wait-for.js';
import { connect, listen, makeServer } from '../unit/server/real-servers.js';
import type { HttpKind } from '../unit/server/real-servers.js';
import { brisk, httpCaller, roster } from './fixtures/in-memory.js';
import { catalogOf, cleanUp, freshName, later, portOf, registeredOn } from './fixtures/live.js';

afterEach(cleanUp);

/** It has no types under this name. */
const untyped: string = 'express4';
const { default: express4 }: { default: typeof express } = await import(untyped);

const health = { path: '/health' };

/** What each way in answers at each stage, in words of its own. */
async function tour(registrar: Registrar, ask: (path: string, method?: string) => Promise<{ status: number; body: string }>) {
  const look = async () => {
    const answers: (number | string)[] = [];
    for (const path of ['/health', '/health/ready', '/health/live']) answers.push((await ask(path)).status);
    return [...answers, (JSON.parse((await ask('/health')).body) as { status: string }).status];
  };
  const seen = [await look()];
  for (const status of ['warning', 'critical', 'passing'] as const) {
    registrar.report('queue', status, 'password=hunter2');
    await waitFor(() => registrar.health.status === status);
    seen.push(await look());
  }
  const head = await ask('/health', 'HEAD');
  return { seen, head: [head.status, head.body], details: (await ask('/health')).body };
}

const expected = {
  seen: [
    [200, 200, 200, 'pass'],
    [200, 200, 200, 'warn'],
    [503, 503, 200, 'fail'],
    [200, 200, 200, 'pass'],
  ],
  head: [200, ''],
  details: '{"status":"pass","checks":{"queue":[{"status":"pass"}]}}',
};

describe.each<HttpKind>(['http', 'https', 'h2c', 'h2'])('health over a node server that speaks %s', (kind) => {
  it('follows the components', async () => {
    const server = makeServer(kind);
    const port = await listen(server);
    const registrar = new Registrar({ ...brisk, name: freshName(kind), registry: roster().registry, health }).bind(server);
    later(() => registrar.stop());
    await registrar.start();
    const client = await connect(kind, port);
    later(client.close);
    expect(await tour(registrar, client.request)).toEqual(expected);
  });
});

describe.each([['5', express], ['4', express4]])('health under Express %s', (_, make) => {
  it('follows the components', async () => {
    const rc = expressRegistrar({ ...brisk, name: freshName('express'), registry: roster().registry, health });
    later(() => rc.registrar.stop());
    const server = rc.bind(make().use(rc.middleware).listen(0, '127.0.0.1'));
    await rc.registrar.start();
    const client = await connect('http', portOf(server));
    later(client.close);
    expect(await tour(rc.registrar, client.request)).toEqual(expected);
  });
});

it('under Fastify health follows the components, over a socket and under inject', async () => {
  const app = Fastify();
  await app.register(rollcall, { ...brisk, name: freshName('fastify'), registry: roster().registry, health });
  later(() => app.close());
  await app.listen({ port: 0, host: '127.0.0.1' });
  await app.registrar.start();
  const client = await connect('http', portOf(app.server));
  later(client.close);
  expect(await tour(app.registrar, client.request)).toEqual(expected);
  app.registrar.report('queue', 'critical');
  await waitFor(() => app.registrar.health.status === 'critical');
  expect((await app.inject('/health')).statusCode).toBe(503);
});

describe('health on a port of its own', () => {
  async function workerWith(port: number) {
    const registrar = new Registrar({ ...brisk, name: freshName('worker'), id: freshName('id'), registry: roster().registry, health: { port } });
    later(() => registrar.stop());
    const events = recordEvents(registrar);
    await registrar.start();
    return { registrar, events };
  }

  it('follows the components of a service that has no server, and ends with it', async () => {
    const [port = 0] = await freePorts(1);
    const { registrar } = await workerWith(port);
    const client = await connect('http', port);
    expect(await tour(registrar, client.request)).toEqual(expected);
    expect((await client.request('/other')).status).toBe(404);
    await registrar.stop();
    await client.gone;
    await expect(httpCaller(port)('/health')).rejects.toThrow();
  });

  it('that is taken is told and hurts nothing', async () => {
    const blocker = createServer().listen(0);
    await once(blocker, 'listening');
    later(() => blocker.close());
    const { registrar, events } = await workerWith((blocker.address() as AddressInfo).port);
    expect((await events.next('warning')).message).toMatch(/^health\.port: nothing is answered on port \d+: .*EADDRINUSE/);
    expect(registrar.state).toBe('registered');
    await registrar.stop();
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
  });
});

it('reaches real Consul: degraded passes, a warning is one for the heartbeat and for Consul\'s own check of /health, critical is out', async () => {
  const url = inject('consulUrl');
  const name = freshName('levels');
  const checks = { http: { path: '/health', interval: '200ms' } };
  const { registrar, id } = await registeredOn(url, { name, ttl: '60s', health: { path: '/health', components: { db: { onFail: 'degrade' } } }, checks });
  const catalog = catalogOf(url);
  const states = async () => Object.values(await catalog.checks(id));
  const output = async () => {
    const all = (await catalog.raw.get('/v1/agent/checks')).json<Record<string, { CheckID: string; Output: string }>>();
    return all[`${id}:ttl`]?.Output;
  };
  await waitFor(async () => (await catalog.passing(name)).length === 1);
  registrar.report('db', 'critical', 'password=hunter2');
  await waitFor(async () => (await output()) === 'degraded: db failed');
  expect(await states()).toEqual(['passing', 'passing']);
  registrar.report('disk', 'warning');
  await waitFor(async () => (await states()).every((status) => status === 'warning'));
  expect(await output()).toBe('warning: disk warning, db failed');
  expect(await catalog.passing(name)).toEqual([]);
  registrar.report('disk', 'critical');
  await waitFor(async () => (await states()).every((status) => status === 'critical'));
  registrar.report('disk', 'passing');
  registrar.report('db', 'passing');
  await waitFor(async () => (await catalog.passing(name)).length === 1);
  expect(await output()).toBe('ok');
});
