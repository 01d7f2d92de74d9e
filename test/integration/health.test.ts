import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect as tcpConnect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import express from 'express';
import Fastify from 'fastify';
import { Registrar, RegistryRejectedError, RegistryUnavailableError, consul } from 'rollcall';
import type { Registry } from 'rollcall';
import { expressRegistrar } from 'rollcall/express';
import rollcall from 'rollcall/fastify';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { recordEvents } from '../support/record-events.js';
import { freePorts } from '../support/servers/free-ports.js';
import { waitFor } from '../support/wait-for.js';
import { connect, listen, makeServer } from '../unit/server/real-servers.js';
import type { HttpKind } from '../unit/server/real-servers.js';
import { brisk, httpCaller, roster } from './fixtures/in-memory.js';
import {
  catalogOf,
  cleanUp,
  freshName,
  later,
  listeningServer,
  portOf,
  quickStop,
  registeredOn,
} from './fixtures/live.js';

afterEach(cleanUp);

/** It has no types under this name. */
const untyped: string = 'express4';
const { default: express4 }: { default: typeof express } = await import(untyped);

const health = { path: '/health', details: 'loopback' } as const;

/** What each way in answers at each stage, in words of its own. */
async function tour(
  registrar: Registrar,
  ask: (path: string, method?: string) => Promise<{ status: number; body: string }>,
) {
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
    const registrar = new Registrar({ ...brisk, name: freshName(kind), registry: roster().registry, health }).bind(
      server,
    );
    later(() => registrar.stop());
    await registrar.start();
    const client = await connect(kind, port);
    later(client.close);
    expect(await tour(registrar, client.request)).toEqual(expected);
  });
});

describe.each([
  ['5', express],
  ['4', express4],
])('health under Express %s', (_, make) => {
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
    const registrar = new Registrar({
      ...brisk,
      name: freshName('worker'),
      id: freshName('id'),
      registry: roster().registry,
      health: { port, details: 'loopback' },
    });
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
    expect((await events.next('warning')).message).toMatch(
      /^health\.port: nothing is answered on port \d+: .*EADDRINUSE/,
    );
    expect(registrar.state).toBe('registered');
    await registrar.stop();
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
  });
});

describe('through faults of the registry', () => {
  const hang = () => new Promise<never>(() => undefined);
  const unavailable = () => Promise.reject(new RegistryUnavailableError('down', { registry: 'faulty' }));
  const rejecting = () => Promise.reject(new RegistryRejectedError('malformed', { registry: 'faulty' }));
  const faulty = (verb: () => Promise<never>): Registry => ({
    name: 'faulty',
    traits: { isLocal: true, suppliesAddress: true },
    read: verb,
    register: verb,
    remove: verb,
    close: () => Promise.resolve(),
  });

  it.each([
    ['hangs', hang],
    ['is down', unavailable],
    ['refuses what is written', rejecting],
  ])('a serving instance is live, ready and healthy where it %s', async (_, verb) => {
    const server = await listeningServer();
    let open = false;
    const registrar = new Registrar({
      ...brisk,
      name: freshName('faults'),
      registry: faulty(verb),
      health,
      ready: () => open,
    }).bind(server);
    later(() => registrar.stop());
    registrar.start().catch(() => undefined);
    const ask = httpCaller(portOf(server));
    const statuses = async () =>
      Promise.all(['/health', '/health/ready', '/health/live'].map(async (path) => (await ask(path)).status));
    expect(await statuses()).toEqual([503, 503, 200]);
    open = true;
    await waitFor(async () => (await ask('/health/ready')).status === 200);
    if (verb === rejecting) await waitFor(() => registrar.state === 'failed');
    expect(await statuses()).toEqual([200, 200, 200]);
  });

  it('and while it drains it is live and no longer ready', async () => {
    const server = await listeningServer();
    const registrar = new Registrar({
      ...brisk,
      name: freshName('drains'),
      registry: roster().registry,
      health,
      shutdown: { signals: false, drain: { min: '2s', quiet: 0, max: '5s' } },
    }).bind(server);
    await registrar.start();
    const ask = httpCaller(portOf(server));
    const events = recordEvents(registrar);
    const stopped = registrar.stop();
    await events.next('deregistered');
    expect((await ask('/health/live')).status).toBe(200);
    expect([(await ask('/health')).status, (await ask('/health/ready')).status]).toEqual([503, 503]);
    expect(await ask('/health')).toMatchObject({ connection: 'close', body: expect.stringContaining('draining') });
    await stopped;
  });
});

it('answers from what is prepared: no code of the service runs for a probe', async () => {
  const server = await listeningServer();
  let calls = 0;
  const count = () => (calls += 1);
  const registrar = new Registrar({
    ...brisk,
    name: freshName('probed'),
    registry: roster().registry,
    ready: () => count() > 0,
    health: {
      ...health,
      components: { db: { run: count, interval: '1h' }, api: { run: count, interval: '1h', onFail: 'break' } },
    },
  }).bind(server);
  later(() => registrar.stop());
  await registrar.start();
  await waitFor(() => registrar.health.components.every(({ reason }) => reason === 'ok'));
  for (const event of ['health', 'component', 'state'] as const) registrar.on(event, count);
  const before = calls;
  const ask = httpCaller(portOf(server));
  for (let asked = 0; asked < 50; asked += 1) {
    for (const path of ['/health', '/health/ready', '/health/live']) expect((await ask(path)).status).toBe(200);
  }
  expect(calls).toBe(before);
});

it('a proxy on this host is told no details on behalf of others, and anybody is with `details`', async () => {
  for (const [details, told] of [
    [false, { '': false, 'x-forwarded-for': false }],
    ['loopback', { '': true, 'x-forwarded-for': false, forwarded: false, 'x-forwarded-proto': false }],
    [true, { '': true, 'x-forwarded-for': true }],
  ] as const) {
    const server = await listeningServer();
    const registrar = new Registrar({
      ...brisk,
      name: freshName('proxied'),
      registry: roster().registry,
      health: { ...health, details },
    }).bind(server);
    later(() => registrar.stop());
    await registrar.start();
    registrar.report('queue', 'warning', 'password=hunter2');
    for (const [header, expectation] of Object.entries(told)) {
      const asked = httpRequest({
        host: '127.0.0.1',
        port: portOf(server),
        path: '/health',
        headers: header === '' ? {} : { [header]: '203.0.113.9' },
      }).end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      const body = (await answer.setEncoding('utf8').toArray()).join('');
      expect([header, body.includes('queue'), body.includes('hunter2')]).toEqual([header, expectation, false]);
    }
  }
});

it('says the same with the same bytes in every beat, and in at most 4 kB whatever there is to say', async () => {
  // What goes to Consul, as it goes.
  let sent = '';
  const { hostname, port } = new URL(inject('consulUrl'));
  const tap = createServer((socket) => {
    const onward = tcpConnect(Number(port), hostname);
    socket.on('data', (chunk: Buffer) => (sent += chunk.toString('latin1')));
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(tap, 'listening');
  later(() => tap.close());
  const registry = consul({ endpoints: [`http://127.0.0.1:${(tap.address() as AddressInfo).port}`] });
  let runs = 0;
  const run = () => {
    runs += 1;
    if (runs % 3 === 0) return { status: 'critical', detail: `try ${runs}` };
    return runs % 3 === 1
      ? Promise.reject(new Error(`\u001b[31mpassword=hunter2 ${runs}\u001b[0m`))
      : new Promise((_, reject) => setTimeout(reject, 60, new Error('late')));
  };
  const many = Object.fromEntries(
    Array.from({ length: 300 }, (_, nth) => [
      `component-with-a-long-name-${nth}`.padEnd(64, 'x'),
      { run, interval: '100ms', timeout: '50ms' },
    ]),
  );
  const registrar = new Registrar({
    registry,
    logger: false,
    shutdown: quickStop,
    name: freshName('bytes'),
    port: 1,
    ttl: '1s',
    health: { components: many },
  });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  await registrar.start();
  await waitFor(() => registrar.health.components.every(({ status }) => status === 'critical'));
  // The first may have been on its way already.
  events.clear();
  await events.next('beat');
  await events.next('beat');
  sent = '';
  const bodies = () => [...sent.matchAll(/\r\n\r\n(\{"Status":[^\n]*?\})(?=PUT|GET|$)/g)].map(([, body]) => body);
  await waitFor(() => bodies().length >= 4);
  const beats = new Set(bodies());
  expect(beats.size).toBe(1);
  const [beat = ''] = beats;
  expect(beat).toMatch(/degraded: component-with-a-long-name-0x+ (failed|timeout)/);
  expect(beat.length).toBeLessThan(4_096);
  for (const said of ['hunter2', '[31m']) expect(sent).not.toContain(said);
});

it("reaches real Consul: degraded passes, a warning is one for the heartbeat and for Consul's own check of /health, critical is out", async () => {
  const url = inject('consulUrl');
  const name = freshName('levels');
  const checks = { http: { path: '/health', interval: '200ms' } };
  const { registrar, id } = await registeredOn(url, {
    name,
    ttl: '60s',
    health: { path: '/health', components: { db: { onFail: 'degrade' } } },
    checks,
  });
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
  expect(registrar.status().health).toMatchObject({ status: 'passing', degraded: true });
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
