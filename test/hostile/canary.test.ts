import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Registry } from 'rollcall';
import { ping } from 'rollcall/components';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cleanUp, freshName, later, quickStop } from '../integration/fixtures/live.js';
import { ownEtcd } from '../integration/fixtures/live-etcd.js';
import { ownRedis, sampleOf } from '../integration/fixtures/own-redis.js';
import { builtRollcall } from '../support/built.js';
import { recordEvents } from '../support/record-events.js';
import { startConsul } from '../support/servers/consul-server.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { makeAuthority } from '../support/tls/certificates.js';
import { waitFor } from '../support/wait-for.js';

// As users get it: heartbeats of a worker thread need the build.
const { Registrar, consul, consulKv, etcd, fallback, redis } = builtRollcall();

const passing = { status: 'passing', reason: 'ok' } as const;
let serial = 0;
/** A secret that no other test has: plain, or with all that URLs and JSON escape. */
const canary = (kind: 'plain' | 'special' = 'special') => {
  serial += 1;
  return kind === 'plain' ? `c4n4ry-${serial}-t0ken` : `c4n4ry/${serial}@"s3cret\\ &<ü>+%`;
};

afterEach(async () => {
  vi.unstubAllEnvs();
  await cleanUp();
});

/** Everything that could be printed of it. */
const all = (value: unknown): string => {
  const options = { depth: Infinity, showHidden: true, maxArrayLength: Infinity, maxStringLength: Infinity } as const;
  return [inspect(value, options), json(value), value instanceof Error ? `${value.message} ${value.stack}` : ''].join();
};

function json(value: unknown): string {
  const seen = new Set<unknown>();
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null) return inner;
    if (seen.has(inner)) return 'seen';
    seen.add(inner);
    if (!(inner instanceof Error)) return inner;
    const { message, cause, stack } = inner;
    return { ...Object.fromEntries(Object.entries(inner)), message, cause, stack };
  });
}

/** Every way in which a server may write it. */
function formsOf(secret: string): string[] {
  const base64 = [0, 1, 2].map((before) => Buffer.from(`${'x'.repeat(before)}${secret}`).toString('base64'));
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    JSON.stringify(JSON.stringify(secret)).slice(3, -3),
    encodeURIComponent(secret),
    new URLSearchParams({ s: secret }).toString().slice(2),
    // Without what the text before and after it changes.
    ...base64.map((text, before) => text.slice(Math.ceil((before * 8) / 6), -4)),
  ];
}

function expectClean(what: string, text: string, secrets: readonly string[]): void {
  const found = secrets.flatMap(formsOf).flatMap((form) => {
    const at = text.indexOf(form);
    return at < 0 ? [] : [`${what}: ...${text.slice(Math.max(0, at - 120), at + form.length)}`];
  });
  expect(found).toEqual([]);
}

const statuses = [
  200, 201, 206, 300, 302, 307, 400, 401, 403, 404, 409, 413, 418, 422, 429, 500, 501, 502, 503, 504, 599,
];

type Echo = (heard: string) => string;
const echoes: readonly Echo[] = [
  (heard) => `you sent ${heard}`,
  (heard) => JSON.stringify({ error: heard, message: heard, code: 2 }),
  (heard) => `<p>${heard.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')}</p>`,
  (heard) => `sent=${encodeURIComponent(heard)}`,
  (heard) => Buffer.from(heard).toString('base64'),
  (heard) => `{"broken": ${heard}`,
  (heard) => `${' '.repeat(2_000)}\u001b[31m${heard}\u202e`,
];

/** Sends back what it hears, in the way and with the status that are set. `answer` may answer in its place. */
async function echoing(answer: (request: IncomingMessage, body: string) => string | undefined = () => undefined) {
  const echo = { url: '', host: '', status: 200, way: echoes[0]! };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += String(chunk)));
    request.on('end', () => {
      const whole = answer(request, body);
      if (whole !== undefined) return response.end(whole);
      const { authorization = '' } = request.headers;
      const decoded = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
      response.writeHead(echo.status, { location: '/elsewhere', 'retry-after': '0' });
      return response.end(echo.way(`${request.rawHeaders.join(': ')} ${decoded} ${request.url} ${body}`));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  echo.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  echo.url = `http://${echo.host}`;
  return echo;
}

/** Answers each command with an error that repeats it. */
async function echoingRedis(words: (heard: string) => string): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      const heard = String(data)
        .split('\r\n')
        .filter((line) => !/^[*$]\d*$/.test(line))
        .join(' ')
        .trim();
      // One answer for each command of the pipeline.
      const commands = String(data).match(/^\*\d/gm)?.length ?? 1;
      socket.write(`-${words(heard)}\r\n`.repeat(commands));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What each verb of a registry rejects with. */
async function failuresOf(registry: Registry): Promise<unknown[]> {
  const one = sampleOf('canary');
  const signal = AbortSignal.timeout(5_000);
  const verbs: (() => unknown)[] = [
    () => registry.read(one, signal),
    () => registry.register(one, passing, signal).then((registration) => registration.renew(passing, signal)),
    () => registry.remove(one, signal),
    () => registry.maintain?.(one, 'why', signal),
    () => registry.discovery?.poll('canary', undefined, signal),
  ];
  const failures: unknown[] = [];
  for (const verb of verbs) await Promise.resolve(verb()).catch((error: unknown) => failures.push(error));
  return failures;
}

/** Asks a registry on an echoing server with every status and in every way. */
async function expectSilent(registry: Registry, echo: Awaited<ReturnType<typeof echoing>>, secrets: readonly string[]) {
  later(() => registry.close());
  let failures = 0;
  for (const [index, status] of statuses.entries()) {
    for (const way of status === 400 || status === 500 ? echoes : [echoes[index % echoes.length]!]) {
      Object.assign(echo, { status, way });
      const errors = await failuresOf(registry);
      failures += errors.length;
      expectClean(`HTTP ${status}, ${String(way)}`, errors.map(all).join('\n'), secrets);
    }
  }
  expectClean('the registry', all(registry), secrets);
  expect(failures).toBeGreaterThan(statuses.length);
}

async function secretFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-canary-'));
  later(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'secret.txt'), text);
  return join(folder, 'secret.txt');
}

describe('an echoing server before Consul', () => {
  it('learns nothing to pass on from a token, wherever it comes from, and from basic authentication', async () => {
    const [token, ofFile, ofFunction, ofVariable] = [
      canary('plain'),
      canary('plain'),
      canary('plain'),
      canary('plain'),
    ];
    const password = canary();
    const echo = await echoing();
    const endpoints = [`http://me:${encodeURIComponent(password)}@${echo.host}`];
    await expectSilent(consul({ endpoints, token }), echo, [token, password]);
    await expectSilent(consul({ endpoints, token: () => ofFunction }), echo, [ofFunction, password]);
    const tokenFile = await secretFile(` ${ofFile}\n`);
    await expectSilent(consul({ endpoints: [echo.url], tokenFile }), echo, [ofFile]);
    vi.stubEnv('CONSUL_HTTP_TOKEN', ofVariable);
    vi.stubEnv('CONSUL_HTTP_AUTH', `me:${password}:2`);
    await expectSilent(consul({ endpoints: [echo.url] }), echo, [ofVariable, `${password}:2`]);
  });

  it('hides short secrets where they stand', async () => {
    const echo = await echoing();
    const registry = consul({ endpoints: [`http://me:zq7@${echo.host}`], token: 'zq9' });
    later(() => registry.close());
    echo.status = 500;
    const text = (await failuresOf(registry)).map(all).join('\n');
    expect(text).toContain('x-consul-token: (hidden)');
    expect(text).not.toMatch(/zq9|zq7|bWU6enE3/);
  });

  it('learns nothing from the key-value store either', async () => {
    const token = canary('plain');
    const echo = await echoing();
    const source = consulKv('config/orders', { endpoints: [echo.url], token });
    later(() => source.close());
    for (const status of statuses) {
      Object.assign(echo, { status, way: echoes[status % 2]! });
      const reading: unknown = await Promise.resolve(source.poll(undefined, AbortSignal.timeout(5_000))).catch(
        (error: unknown) => error,
      );
      expectClean(`HTTP ${status}`, all(reading), [token]);
    }
    expectClean('the source', all(source), [token]);
  });
});

describe('an echoing server before etcd', () => {
  it('learns nothing to pass on from a password', async () => {
    const [fixed, ofFile, ofFunction, ofVariable] = [canary(), canary(), canary(), canary()];
    const echo = await echoing();
    const user = { endpoints: [echo.url], username: 'root' };
    await expectSilent(etcd({ ...user, password: fixed }), echo, [fixed]);
    await expectSilent(etcd({ ...user, passwordFile: await secretFile(`${ofFile}\n`) }), echo, [ofFile]);
    await expectSilent(etcd({ ...user, password: () => ofFunction }), echo, [ofFunction]);
    vi.stubEnv('ETCDCTL_USER', `root:${ofVariable}`);
    await expectSilent(etcd({ endpoints: [echo.url] }), echo, [ofVariable]);
  });

  it('learns nothing from the token of a session', async () => {
    const token = canary('plain');
    const echo = await echoing((request) =>
      request.url?.endsWith('/auth/authenticate') === true ? JSON.stringify({ token }) : undefined,
    );
    await expectSilent(etcd({ endpoints: [echo.url], username: 'root', password: 'short' }), echo, [token]);
  });
});

describe('an echoing server in place of Redis', () => {
  it.each<[string, (heard: string) => string]>([
    [
      'a refused command',
      (heard) => `ERR unknown command '${heard.split(' ')[0]}', with args beginning with: '${heard}'`,
    ],
    ['refused rights', (heard) => `NOAUTH you sent ${heard}`],
    ['other words', (heard) => `WRONGPASS invalid: ${JSON.stringify(heard)} ${Buffer.from(heard).toString('base64')}`],
    ['no reply at all', (heard) => `\r\nHTTP/1.1 400 ${heard}`],
  ])('learns nothing to pass on with %s', async (_what, words) => {
    const [inUrl, fixed, ofFile, ofSentinel] = [canary(), canary(), canary(), canary()];
    const host = await echoingRedis(words);
    const registries: [Registry, string][] = [
      [redis({ url: `redis://me:${encodeURIComponent(inUrl)}@${host}` }), inUrl],
      [redis({ url: `redis://${host}`, username: 'me', password: () => fixed }), fixed],
      [redis({ url: `redis://${host}`, passwordFile: await secretFile(`${ofFile}\n`) }), ofFile],
      [redis({ sentinels: [host], name: 'main', sentinelPassword: ofSentinel }), ofSentinel],
    ];
    for (const [registry, secret] of registries) {
      later(() => registry.close());
      const failures = await failuresOf(registry);
      expect(failures.length).toBeGreaterThan(3);
      expectClean('errors', [registry, ...failures].map(all).join('\n'), [secret]);
    }
  });
});

describe('real servers that refuse us', () => {
  it('get nothing repeated from us', async () => {
    const [token, password, ofEtcd] = [canary('plain'), canary(), canary()];
    const [agent, server, store] = await Promise.all([
      startConsul({ acl: true }),
      ownRedis({ password: 'another' }),
      ownEtcd(),
    ]);
    later(() => agent.stop());
    const admin = rawEtcd(store.url);
    await admin.post('/auth/user/add', { name: 'root', password: 'another' });
    await admin.post('/auth/role/add', { name: 'root' });
    await admin.post('/auth/user/grant', { user: 'root', role: 'root' });
    await admin.post('/auth/enable', {});
    const registries = [
      consul({ endpoints: [agent.url], token }),
      redis({ url: server.url, username: 'me', password }),
      etcd({ endpoints: [store.url], username: 'nobody', password: ofEtcd }),
    ];
    for (const registry of registries) {
      later(() => registry.close());
      expectClean(registry.name, (await failuresOf(registry)).map(all).join('\n'), [token, password, ofEtcd]);
    }
  });
});

it.each(['main', 'worker'] as const)(
  'shows no secret in events, lines, status or objects of a life with beats from the %s thread',
  async (thread) => {
    const [token, password, session] = [canary('plain'), canary(), canary('plain')];
    const echo = await echoing();
    const etcdEcho = await echoing((request) =>
      request.url?.endsWith('/auth/authenticate') === true ? JSON.stringify({ token: session }) : undefined,
    );
    const written: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      const spy = vi.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
      later(() => spy.mockRestore());
    }
    const lines: unknown[] = [];
    const log = (...line: unknown[]) => lines.push(line);
    const name = freshName('canary');
    const registry = fallback([
      consul({ endpoints: [`http://me:${encodeURIComponent(password)}@${echo.host}`], token: () => token }),
      etcd({ endpoints: [etcdEcho.url], username: 'root', password: () => password }),
      redis({
        url: `redis://me:${encodeURIComponent(password)}@${await echoingRedis((heard) => `ERR \u001b[31m${heard}\u202e`)}`,
      }),
    ]);
    const registrar = new Registrar({
      name,
      address: '127.0.0.1',
      port: 4000,
      ttl: '1s',
      registry,
      heartbeat: { thread },
      logger: { debug: log, info: log, warn: log, error: log },
      shutdown: quickStop,
      health: { components: { db: { onFail: 'warning' } } },
    });
    later(() => registrar.stop());
    const events = recordEvents(registrar);
    registrar.on('component', () => {
      throw new Error(`a listener quotes ${token}`);
    });
    const printed: string[] = [];
    void registrar.start();
    for (const way of echoes) {
      for (const each of [echo, etcdEcho]) Object.assign(each, { status: 500, way });
      await events.next('beatMissed');
      printed.push(...[registrar.status(), registrar, registry].map(all));
    }
    registrar.report('db', 'warning', `redis://me:${encodeURIComponent(password)}@cache refused`);
    await waitFor(() => lines.some((line) => all(line).includes('a listener of')));
    const told = () => {
      const texts = [...lines.flat(), ...events.of('beatMissed').map(({ error }) => error.message)];
      return texts.filter((text): text is string => typeof text === 'string');
    };
    await waitFor(() => told().some((text) => text.includes('\\u{1b}')));
    await registrar.stop();
    const secrets = [token, password, session];
    expectClean('events', all(events.all), secrets);
    expectClean('lines', all(lines), secrets);
    expectClean('status and objects', printed.join('\n'), secrets);
    expectClean('standard output', written.join(''), secrets);
    for (const sign of ['\u001b', '\u202e']) expect(told().filter((text) => text.includes(sign))).toEqual([]);
  },
);

describe('wrong options', () => {
  const secret = 'TOPS3CRET';
  const { key, cert } = { key: secret, cert: 'x' };
  it.each<[string, () => unknown]>([
    ['an agent without a scheme, with a query', () => consul({ endpoints: [`user:${secret}@127.0.0.1:8500/?dc=x`] })],
    ['a slash in a password', () => consul({ endpoints: [`http://user:a/${secret}@127.0.0.1:8500`] })],
    ['a socket that is none', () => consul({ endpoints: [`unix:user:${secret}@x`] })],
    ['one agent that is no list', () => consul({ endpoints: `http://user:${secret}@a` as unknown as string[] })],
    ['a token in a query', () => consul({ endpoints: [`http://127.0.0.1:8500/?token=${secret}`] })],
    [
      'two agents, one with @ in its password',
      () => consul({ endpoints: [`http://user:p@${secret}@127.0.0.1:8500`, 'http://127.0.0.1:8501'] }),
    ],
    ['a user over plain HTTP', () => consul({ endpoints: [`http://user:${secret}@10.0.0.9:8500`] })],
    ['etcd with a user in the URL', () => etcd({ endpoints: [`http://root:${secret}@127.0.0.1:2379`] })],
    ['etcd without a scheme', () => etcd({ endpoints: [`root:${secret}@127.0.0.1:2379`] })],
    ['a token as a path', () => consul({ tokenFile: secret })],
    ['a password as a path', () => redis({ passwordFile: secret })],
    ['a password as a path of etcd', () => etcd({ username: 'root', passwordFile: secret })],
    ['a Redis URL that is none', () => redis({ url: `redis//user:${secret}@h` })],
    ['Sentinels with a password', () => redis({ sentinels: [`redis://u:${secret}@h:1`], name: 'm' })],
    ['a password that is an object', () => redis({ password: { x: secret } as unknown as string })],
    ['a key that is no path', () => etcd({ endpoints: ['https://127.0.0.1'], tls: { cert, key } })],
    ['a key that is no path, for Redis', () => redis({ url: 'rediss://127.0.0.1', tls: { cert, key } })],
    ['options in place of a registry', () => new Registrar({ name: 'a', registry: { token: secret } as never })],
    ['an option of a registry', () => new Registrar({ name: 'a', token: secret } as never)],
    ['a check with a user', () => new Registrar({ name: 'a', checks: { http: { path: `ftp://u:${secret}@x` } } })],
    [
      'a check with a user of HTTP',
      () => new Registrar({ name: 'a', checks: { http: { path: `http://u:${secret}@x` } } }),
    ],
    ['a ping with @ in its password', () => ping(`ftp://u:p@${secret}@x`)],
    ['a ping with / in its password', () => ping(`http://u:p/${secret}@x`)],
    ['a user without a password', () => etcd({ username: `root:${secret}` })],
  ])('show nothing of %s', (_what, make) => {
    let outcome: unknown;
    try {
      outcome = make();
    } catch (error) {
      outcome = error;
      expect(error).toMatchObject({ code: 'ROLLCALL_CONFIG' });
    }
    expectClean('the outcome', all(outcome), [secret]);
    const { members = [], warnings = [] } = outcome as { members?: { name: string }[]; warnings?: string[] };
    expectClean('names', [...members.map(({ name }) => name), ...warnings].join(), [secret]);
  });

  it.each([
    ['CONSUL_HTTP_ADDR', `http://op:${secret}@127.0.0.1:8500`],
    ['CONSUL_HTTP_ADDR', `op:${secret}@127.0.0.1:8500#x`],
    ['CONSUL_HTTP_TOKEN_FILE', secret],
    ['ETCDCTL_ENDPOINTS', `root:${secret}@10.0.0.1:2379`],
    ['DOCKER_HOST', `tcp://me:${secret}@10.0.0.1:2375`],
  ])('show nothing of %s=%s, and no template fills it in', (variable, value) => {
    vi.stubEnv(variable, value);
    const makes = [
      () => consul(),
      () => etcd(),
      () => new Registrar({ name: 'a', tags: [`a={{env.${variable}}}`], registry: consul({ token: secret }) }),
    ];
    const outcomes = makes.map((make) => {
      try {
        return make();
      } catch (error) {
        return error;
      }
    });
    expectClean('outcomes', outcomes.map(all).join('\n'), [secret]);
    expect(outcomes.at(-1)).toMatchObject({ code: 'ROLLCALL_CONFIG' });
  });

  it('show no line of a key', async () => {
    const issued = await (await makeAuthority()).issue();
    const lines = issued.key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
    const damaged = issued.key.replace(/-----.*-----/g, '');
    const tls = { cert: issued.cert, key: damaged };
    const makes = [
      () => consul({ endpoints: ['https://there'], tls }),
      () => etcd({ endpoints: ['https://there'], tls }),
      () => redis({ url: 'rediss://there', tls }),
    ];
    for (const make of makes) {
      let error: unknown;
      try {
        make();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ code: 'ROLLCALL_CONFIG' });
      for (const line of lines) expect(all(error)).not.toContain(line);
    }
  });
});
