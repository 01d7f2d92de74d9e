import express from 'express';
import Fastify from 'fastify';
import { Registrar } from 'rollcall';
import type { RegistrarOptions } from 'rollcall';
import { expressRegistrar } from 'rollcall/express';
import rollcall from 'rollcall/fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { recordEvents } from '../support/record-events.js';
import { connect, listen, makeServer } from '../unit/server/real-servers.js';
import type { Client } from '../unit/server/real-servers.js';
import { brisk, roster } from './fixtures/in-memory.js';
import { cleanUp, freshName, later, portOf } from './fixtures/live.js';

afterEach(cleanUp);

interface App {
  readonly registrar: Registrar;
  readonly client: Client;
}
type Options = Pick<RegistrarOptions, 'health' | 'checks'>;

const complete = (options: Options) => ({
  ...brisk,
  name: freshName('paths'),
  registry: roster().registry,
  ...options,
});

/** Apps that answer every request of theirs with `host`. */
const apps: Readonly<Record<string, (options: Options) => Promise<App>>> = {
  http: (options) => plainApp('http', options),
  h2c: (options) => plainApp('h2c', options),
  async fastify(options) {
    const app = Fastify();
    await app.register(rollcall, complete(options));
    app.all('/*', () => 'host');
    later(() => app.close());
    await app.listen({ port: 0, host: '127.0.0.1' });
    await app.registrar.start();
    return { registrar: app.registrar, client: await clientOf(portOf(app.server)) };
  },
  async express(options) {
    const rc = expressRegistrar(complete(options));
    later(() => rc.registrar.stop());
    const app = express()
      .use(rc.middleware)
      .use((_request, response) => void response.send('host'));
    const server = rc.bind(app.listen(0, '127.0.0.1'));
    await rc.registrar.start();
    return { registrar: rc.registrar, client: await clientOf(portOf(server)) };
  },
};

async function plainApp(kind: 'http' | 'h2c', options: Options): Promise<App> {
  const server = makeServer(kind, (_request, response) => response.end('host'));
  const port = await listen(server);
  const registrar = new Registrar(complete(options)).bind(server);
  later(() => registrar.stop());
  await registrar.start();
  return { registrar, client: await clientOf(port, kind) };
}

async function clientOf(port: number, kind: 'http' | 'h2c' = 'http'): Promise<Client> {
  const client = await connect(kind, port);
  later(client.close);
  return client;
}

const paths = ['/health', '/health/live', '/health/ready'];
const pass = '{"status":"pass"}';

describe.each(Object.entries(apps))('the health paths of an app of %s', (kind, make) => {
  it('take GET and HEAD, and leave other methods to the app', async () => {
    const { client } = await make({ health: { path: '/health' } });
    for (const path of paths) {
      const bodies: string[] = [];
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) bodies.push((await client.request(path, method)).body);
      expect([path, ...bodies]).toEqual([path, pass, '', 'host', 'host']);
    }
  });

  it('are those of the app where only a check of its own path is set', async () => {
    const { client, registrar } = await make({
      // No registry probes HTTP/2 in the clear.
      checks: { http: { path: kind === 'h2c' ? 'http://127.0.0.1:1/own' : '/own' } },
    });
    for (const path of [...paths, '/own']) expect((await client.request(path)).body).toBe('host');
    expect(registrar.endpoint).toBeUndefined();
  });

  it.each([
    [undefined, false],
    [false, false],
    ['loopback', true],
    [true, true],
  ] as const)('show components to this host with details %j: %j', async (details, shown) => {
    const { client, registrar } = await make({
      health: { path: '/health', ...(details !== undefined && { details }) },
    });
    registrar.report('payments-db', 'warning');
    const { status, body } = await client.request('/health');
    expect([status, body.includes('payments-db')]).toEqual([200, shown]);
    expect((await client.request('/health/ready')).body).not.toContain('payments-db');
  });
});

describe('a Fastify app with a route of its own on a health path', () => {
  it('keeps it, declared before or after the plugin or in another one, and is warned once a path', async () => {
    const app = Fastify();
    app.get('/health', () => 'mine');
    await app.register(rollcall, complete({ health: { path: '/health' } }));
    const events = recordEvents(app.registrar);
    await app.register(
      (plugin, _options, done) => {
        plugin.get('/ready', () => 'mine too');
        plugin.post('/live', () => 'posted');
        done();
      },
      { prefix: '/health' },
    );
    later(() => app.close());
    await app.listen({ port: 0, host: '127.0.0.1' });
    await app.registrar.start();
    const client = await clientOf(portOf(app.server));
    const expected = ['mine', pass, 'mine too'];
    for (const [at, path] of paths.entries()) {
      expect([path, (await client.request(path)).body]).toEqual([path, expected[at]]);
      expect([path, (await app.inject(path)).body]).toEqual([path, expected[at]]);
    }
    expect((await client.request('/health/live', 'POST')).body).toBe('posted');
    expect(events.of('warning').map(({ message }) => /GET (\S+),/.exec(message)?.[1])).toEqual([
      '/health',
      '/health/ready',
    ]);
  });

  it('is not taken for one by a wildcard, nor by a route for another method', async () => {
    const app = Fastify();
    app.get('*', () => 'host');
    app.get('/:anything', () => 'host');
    app.put('/health', () => 'host');
    await app.register(rollcall, complete({ health: { path: '/health' } }));
    const events = recordEvents(app.registrar);
    later(() => app.close());
    await app.listen({ port: 0, host: '127.0.0.1' });
    await app.registrar.start();
    const client = await clientOf(portOf(app.server));
    for (const path of paths) expect((await client.request(path)).body).toBe(pass);
    expect((await app.inject('/health')).body).toBe(pass);
    expect(events.of('warning')).toEqual([]);
  });
});
