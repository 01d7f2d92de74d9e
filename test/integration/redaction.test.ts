import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, expect, it, vi } from 'vitest';
import { Registrar, consul, consulKv, fallback, file } from 'rollcall';
import type { Registry } from 'rollcall';
import { recordEvents } from '../support/record-events.js';
import { filesOf, makeAuthority } from '../support/tls/certificates.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

const canary = 'c4n4ry-5ecret-t0ken';
const password = 'p4ssw0rd-c4n4ry';
const basic = Buffer.from(`me:${password}`).toString('base64');
const secrets = [canary, password, basic];
const signal = new AbortController().signal;
const passing = { status: 'passing', reason: 'ok' } as const;

afterEach(async () => {
  vi.unstubAllEnvs();
  await cleanUp();
});

/** Everything that could be printed of it. */
const all = (value: unknown): string =>
  inspect(value, { depth: Infinity, showHidden: true, maxArrayLength: Infinity, maxStringLength: Infinity });

function expectClean(what: string, text: string): void {
  const found = secrets
    .filter((secret) => text.includes(secret))
    .map((secret) => `${what}: ...${text.slice(Math.max(0, text.indexOf(secret) - 200), text.indexOf(secret) + 20)}`);
  expect(found).toEqual([]);
}

type Mood = 'well' | 'denied' | 'echoing' | 'rejecting' | 'breaking off' | 'silent' | 'no JSON';

/** An agent in every mood that an agent, or what stands before it, can have. */
async function moodyAgent(): Promise<{ host: string; mood: Mood; requests: IncomingMessage[] }> {
  const agent = { host: '', mood: 'well' as Mood, requests: [] as IncomingMessage[] };
  let entry: { ID: string; Name: string; Meta: object; Port: number; Address: string } | undefined;
  const server: Server = createServer((request, response) => {
    agent.requests.push(request);
    let body = '';
    request.on('data', (chunk: Buffer) => (body += String(chunk)));
    request.on('end', () => {
      const echo = `you sent ${JSON.stringify(request.headers)}`;
      if (agent.mood === 'denied') response.writeHead(403).end('ACL not found');
      else if (agent.mood === 'echoing') response.writeHead(request.method === 'PUT' ? 500 : 403).end(echo);
      else if (agent.mood === 'rejecting') response.writeHead(400).end(echo);
      else if (agent.mood === 'breaking off')
        response.writeHead(200, { 'content-length': 1_000 }).end('{', () => request.socket.destroy());
      else if (agent.mood === 'silent') return;
      else if (agent.mood === 'no JSON') response.end(echo);
      else if (request.url?.includes('/service/register')) {
        entry = JSON.parse(body) as typeof entry;
        response.end();
      } else if (request.url?.includes('/agent/health/service/id/')) {
        if (entry === undefined) response.writeHead(404).end('{"AggregatedStatus":"critical"}');
        else
          response.end(
            JSON.stringify({ AggregatedStatus: 'passing', Service: { ...entry, Service: entry.Name }, Checks: [] }),
          );
      } else if (request.url?.includes('/deregister/')) {
        entry = undefined;
        response.end();
      } else if (request.url?.includes('/health/service/')) response.end('[]');
      else response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  agent.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return agent;
}

const moods: readonly Mood[] = ['denied', 'echoing', 'breaking off', 'silent', 'no JSON', 'rejecting'];

it.each(['option', 'function', 'variable', 'file'] as const)(
  'shows a token from a %s, and the credentials of the endpoint, nowhere: not in events, status, logs of any level, errors or URLs',
  async (origin) => {
    const agent = await moodyAgent();
    const files = await filesOf({ token: canary });
    later(() => files.remove());
    if (origin === 'variable') vi.stubEnv('CONSUL_HTTP_TOKEN', canary);
    const token =
      origin === 'option'
        ? { token: canary }
        : origin === 'function'
          ? { token: () => canary }
          : origin === 'file'
            ? { tokenFile: files.path('token') }
            : {};
    const endpoints = [`http://me:${password}@${agent.host}`];
    const folder = await filesOf({});
    later(() => folder.remove());
    const registry = fallback([consul({ endpoints, ...token }), file({ dir: dirname(folder.path('any')) })], {
      patience: '300ms',
    });
    const lines: unknown[] = [];
    const log = (...line: unknown[]) => lines.push(line);
    const logger = { debug: log, info: log, warn: log, error: log };
    const name = freshName('redacted');
    const registrar = new Registrar({
      name,
      id: name,
      address: '127.0.0.1',
      port: 4000,
      ttl: '1s',
      registry,
      config: consulKv('config/orders', { endpoints, ...token }),
      logger,
      shutdown: { signals: false, drain: { min: 0, quiet: 0, max: '300ms' }, timeout: '500ms' },
    });
    later(() => registrar.stop());
    const told = recordEvents(registrar);
    const events = recordEvents(registrar);
    const printed: string[] = [];
    void registrar.start();
    await events.next('registered');
    for (const mood of [...moods, 'well'] as const) {
      agent.mood = mood;
      events.clear();
      registrar.update({ tags: [mood] }).catch((error: unknown) => printed.push(all(error)));
      await Promise.race([events.next('beatMissed'), events.next('beat')]);
      printed.push(all(registrar.status()), all(registrar), all(registry));
    }
    const rotated = `${canary}-2`;
    await files.write('token', 'two tokens');
    if (origin === 'file')
      await waitFor(() => told.of('warning').some(({ message }) => message.includes('token file')));
    await files.write('token', rotated);
    agent.mood = 'denied';
    await registrar.stop();
    expectClean('events', all(told.all));
    expectClean('logs', all(lines));
    expectClean('status and objects', printed.join('\n'));
    expectClean('URLs', agent.requests.map(({ url, method }) => `${method} ${url}`).join('\n'));
    expect(
      agent.requests.every(
        ({ headers }) =>
          String(headers['x-consul-token']).startsWith(canary) && headers.authorization === `Basic ${basic}`,
      ),
    ).toBe(true);
    for (const path of await readdir(dirname(folder.path('any')), { recursive: true, withFileTypes: true })) {
      if (path.isFile()) expectClean('files', await readFile(`${path.parentPath}/${path.name}`, 'utf8'));
    }
  },
);

it('shows it in no error of any verb, to any depth', async () => {
  const agent = await moodyAgent();
  const registry = consul({ endpoints: [`http://me:${password}@${agent.host}`], token: canary });
  later(() => registry.close());
  const one = { name: 'orders', id: 'orders-1', port: 1, tags: [], meta: {}, nonce: 'n', ttlMs: 1_000, checks: [] };
  const registration = await registry.register(one, passing, signal);
  const verbs: readonly ((until: AbortSignal) => Promise<unknown>)[] = [
    (until) => registry.read(one, until),
    (until) => registry.register(one, passing, until),
    (until) => registry.remove(one, until),
    (until) => registry.maintain?.(one, 'why', until) ?? Promise.resolve(),
    (until) => registration.renew(passing, until),
    (until) => registration.changed?.(until) ?? Promise.resolve(),
    (until) => registry.discovery?.poll('orders', undefined, until) ?? Promise.resolve(),
  ];
  let failures = 0;
  for (const mood of moods) {
    agent.mood = mood;
    for (const verb of verbs) {
      const until = new AbortController();
      setTimeout(() => until.abort(new Error('no answer')), mood === 'silent' ? 20 : 5_000).unref();
      await verb(until.signal).catch((error: unknown) => {
        failures += 1;
        expectClean(`${mood} ${String(verb)}`, all(error));
      });
    }
  }
  expect(failures).toBeGreaterThan(moods.length * 5);
  const unreachable: Registry = consul({ endpoints: [`http://me:${password}@127.0.0.1:1`], token: canary });
  later(() => unreachable.close());
  expectClean('unreachable', all(await unreachable.read(one, signal).catch((error: unknown) => error)));
});

it('shows nothing secret when the options themselves are wrong', async () => {
  const { key } = await (await makeAuthority()).issue();
  const secretLine = key.split('\n')[1]!;
  const wrongs: readonly (() => unknown)[] = [
    () => consul({ endpoints: [`ftp://me:${password}@there`], token: canary }),
    () => consul({ endpoints: [`http://me:${password}@10.0.0.9:8500`], token: canary }),
    () =>
      consul({
        endpoints: [`http://me:${password}@127.0.0.1:1?x`, `http://me:${password}@127.0.0.1:1?x`],
        token: canary,
      }),
    () => consul({ token: `${canary} with a blank` }),
    () => consul({ token: canary, tokenFile: '/nowhere' }),
    () => consul({ endpoints: ['https://there'], tls: { cert: key, key } }),
    () => consul({ endpoints: ['https://there'], tls: { cert: '/nowhere', key: key.replace(/-----.*-----/g, '') } }),
    () => new Registrar({ name: 'orders', tags: ['{{env.CONSUL_HTTP_TOKEN}}'] }),
  ];
  vi.stubEnv('CONSUL_HTTP_TOKEN', canary);
  for (const wrong of wrongs) {
    let text = '';
    try {
      wrong();
    } catch (error) {
      text = all(error);
    }
    expect(text).toContain('ROLLCALL_CONFIG');
    expectClean(String(wrong), text);
    expect(text).not.toContain(secretLine);
  }
});
