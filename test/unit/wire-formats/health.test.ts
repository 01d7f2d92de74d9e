import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Registrar, memory } from 'rollcall';
import type { ComponentStatus } from 'rollcall';
import { waitFor } from '../../support/wait-for.js';
import { readGolden } from './read-golden.js';

/** Raw header names, and the body as JSON; an absent body is an empty one. */
interface GoldenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: object;
}

const golden = readGolden<Readonly<Record<string, GoldenAnswer>>>('health');
const seen: string[] = [];
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Ask = (path: string, headers?: Readonly<Record<string, string>>, method?: string) => Promise<object>;

async function serving(ready: () => boolean) {
  const server = createServer((_request, response) => response.end('of the host'));
  cleanups.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const components = { db: { onFail: 'critical' }, cache: {}, mail: { onFail: 'warning' } } as const;
  const registrar = new Registrar({
    name: 'orders',
    registry: memory(),
    logger: false,
    ready,
    health: { path: '/health', details: 'loopback', components },
    shutdown: { signals: false, drain: { min: 0, quiet: 0, max: '1s' } },
  }).bind(server);
  cleanups.push(() => registrar.stop());
  const { port } = server.address() as AddressInfo;
  return { registrar, ask: askOn(port) };
}

const HEADERS = ['Content-Type', 'Cache-Control', 'Content-Length', 'Allow'];

function askOn(port: number): Ask {
  return (path, headers = {}, method = 'GET') =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        response.on('end', () => {
          const { rawHeaders: raw } = response;
          const kept = raw.flatMap((name, at) => (at % 2 === 0 && HEADERS.includes(name) ? [[name, raw[at + 1]]] : []));
          resolve({ status: response.statusCode, headers: Object.fromEntries(kept), body });
        });
      }).on('error', reject);
    });
}

async function expectGolden(name: string, answer: Promise<object>): Promise<void> {
  seen.push(name);
  const { body, ...rest } = golden[name]!;
  expect({ name, ...(await answer) }).toEqual({ name, ...rest, body: body === undefined ? '' : JSON.stringify(body) });
}

const proxied = { 'x-forwarded-for': '10.0.0.9' };
const byConsul = { 'user-agent': 'Consul Health Check' };

it('answers the golden bytes through the whole life', async () => {
  let isReady = false;
  const { registrar, ask } = await serving(() => isReady);
  const starting = registrar.start();
  await expectGolden('not ready', ask('/health'));
  await expectGolden('not ready, /live', ask('/health/live'));
  isReady = true;
  await starting;

  const report = async (component: string, status: ComponentStatus, becomes: string) => {
    registrar.report(component, status, 'password=hunter2');
    await waitFor(() => registrar.health.reason === becomes);
  };
  for (const component of ['db', 'cache', 'mail']) registrar.report(component, 'passing');
  await waitFor(() => registrar.health.reason === 'ok');
  await expectGolden('passing, on this host', ask('/health'));
  await expectGolden('passing, through a proxy', ask('/health', proxied));
  await expectGolden('passing, /ready', ask('/health/ready?x=1'));
  await expectGolden('passing, HEAD', ask('/health', {}, 'HEAD'));

  await report('cache', 'critical', 'degraded: cache failed');
  await expectGolden('degraded, on this host', ask('/health'));
  await expectGolden('degraded, through a proxy', ask('/health', proxied));
  await report('mail', 'warning', 'warning: mail warning, cache failed');
  await expectGolden('warning, on this host', ask('/health'));
  await expectGolden('warning, through a proxy', ask('/health', proxied));
  await expectGolden('warning, asked by Consul on this host', ask('/health', byConsul));
  await expectGolden('warning, asked by Consul through a proxy', ask('/health', { ...byConsul, ...proxied }));
  await expectGolden('warning, /ready', ask('/health/ready'));
  await report('db', 'critical', 'critical: db failed, mail warning, cache failed');
  await expectGolden('critical, on this host', ask('/health'));
  await expectGolden('critical, through a proxy', ask('/health', proxied));
  await expectGolden('critical, /live', ask('/health/live'));

  registrar.onStop('after drain', 'ask', async () => {
    await expectGolden('draining', ask('/health'));
    await expectGolden('draining, /ready', ask('/health/ready'));
    await expectGolden('draining, /live', ask('/health/live'));
  });
  const stopped = new Promise<readonly Error[]>((resolve) => registrar.on('stopped', ({ errors }) => resolve(errors)));
  await registrar.stop();
  expect(await stopped).toEqual([]);
  expect(seen).toEqual(Object.keys(golden));
});
