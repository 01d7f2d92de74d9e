import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { builtRollcall } from '../support/built.js';
import { recordEvents } from '../support/record-events.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { waitFor } from '../support/wait-for.js';
import { catalogOf, cleanUp, freshName, later, listeningServer, quickStop } from './fixtures/live.js';

const { Registrar, consul, consulKv } = builtRollcall();

let directory: string;
let agent: ConsulServer;
let endpoint: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rollcall-socket-'));
  endpoint = `unix://${directory}/http.sock`;
  agent = await startConsul({ config: { addresses: { http: `127.0.0.1 ${endpoint}` } } });
});
afterEach(cleanUp);
afterAll(async () => {
  await agent.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Sets a variable for one test. */
function withVariable(name: string, value: string): void {
  const before = process.env[name];
  process.env[name] = value;
  later(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = before;
  });
}

describe.each(['main', 'worker'] as const)('an agent on a Unix socket, with beats from the %s thread', (thread) => {
  it.each([
    ['endpoints', () => consul({ endpoints: [endpoint] })],
    ['a chain', () => consul({ endpoints: [endpoint, agent.url] })],
    [
      'CONSUL_HTTP_ADDR',
      () => {
        withVariable('CONSUL_HTTP_ADDR', `${endpoint}\r\n`);
        return consul();
      },
    ],
  ])('holds an instance from its start to its end, by %s', async (_by, makeRegistry) => {
    const name = freshName('socket');
    const server = await listeningServer();
    const registrar = new Registrar({
      name,
      registry: makeRegistry(),
      ttl: '2s',
      heartbeat: { thread, interval: '300ms' },
      logger: false,
      shutdown: quickStop,
    });
    later(() => registrar.stop());
    const events = recordEvents(registrar);
    void registrar.bind(server).start();
    await events.next('registered', 20_000);
    const catalog = catalogOf(agent.url);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    await catalog.deregister(registrar.instance!.id);
    await events.next('recovered');
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    await registrar.stop();
    expect(await catalog.entries(name)).toEqual([]);
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    expect(events.of('warning')).toEqual([]);
  });
});

it('reads live configuration over the socket', async () => {
  const source = consulKv('config/socket', { endpoints: [endpoint] });
  later(() => source.close());
  await catalogOf(agent.url).raw.put('/v1/kv/config/socket/tags', 'v7');
  expect(await source.poll(undefined, AbortSignal.timeout(5_000))).toMatchObject({
    values: { tags: expect.anything() },
  });
});

it('says where nothing listens, and retries', async () => {
  const registry = consul({ endpoints: ['unix:///nowhere/consul.sock'] });
  later(() => registry.close());
  await expect(registry.read({ name: 'x', id: 'x' }, AbortSignal.timeout(5_000))).rejects.toMatchObject({
    code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
    message: expect.stringContaining('unix:///nowhere/consul.sock could not be reached for read (ENOENT)') as unknown,
  });
});

it('authenticates as CONSUL_HTTP_AUTH says, and repeats none of it when a proxy echoes it', async () => {
  const wanted = `Basic ${Buffer.from('me:hunter2').toString('base64')}`;
  const seen = new Set<string | undefined>();
  let refuses = false;
  const proxy = createServer((incoming, response) => {
    seen.add(incoming.headers.authorization);
    if (refuses || incoming.headers.authorization !== wanted) {
      response.writeHead(401).end(`no: ${String(incoming.headers.authorization)} hunter2`);
      return;
    }
    const { method, headers, url: path } = incoming;
    const onward = request({ port: agent.port, host: '127.0.0.1', method, headers, path }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  }).listen(0, '127.0.0.1');
  later(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  await once(proxy, 'listening');
  withVariable('CONSUL_HTTP_AUTH', 'me:hunter2\r\n');
  const { port } = proxy.address() as { port: number };
  const name = freshName('basic');
  const registry = consul({ endpoints: [`http://127.0.0.1:${String(port)}`] });
  const registrar = new Registrar({
    name,
    registry,
    ttl: '2s',
    heartbeat: { interval: '300ms' },
    logger: false,
    shutdown: quickStop,
  });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  void registrar.bind(await listeningServer()).start();
  await events.next('registered');
  await events.next('beat');
  expect([...seen]).toEqual([wanted]);
  refuses = true;
  const { error } = await events.next('beatMissed');
  expect(error.message).toContain('401');
  expect(JSON.stringify([error.message, registrar.status()])).not.toMatch(/hunter2|bWU6aHVudGVyMg/);
  refuses = false;
  await events.next('recovered');
});
