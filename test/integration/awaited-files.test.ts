import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RegistrarOptions } from 'rollcall';
import { leastPolicy } from '../../src/backends/consul/consul-policy.js';
import { builtRollcall } from '../support/built.js';
import { recordEvents } from '../support/record-events.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { rawEtcd } from '../support/servers/raw-etcd.js';
import { makeAuthority } from '../support/tls/certificates.js';
import { startTlsFront } from '../support/tls/tls-front.js';
import { waitFor } from '../support/wait-for.js';
import { aclsOf } from './fixtures/acls.js';
import { ownEtcd } from './fixtures/live-etcd.js';
import { cleanUp, freshName, later, listeningServer, quickStop } from './fixtures/live.js';
import { ownRedis } from './fixtures/own-redis.js';

const { Registrar, configFile, consul, etcd, fallback, memory, redis } = builtRollcall();

const certificate = fileURLToPath(new URL('../support/tls/localhost.cert.pem', import.meta.url));

let agent: ConsulServer;
beforeAll(async () => {
  agent = await startConsul({ acl: true });
});
afterEach(cleanUp);
afterAll(() => agent.stop());

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rollcall-awaited-'));
  later(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Writes a file as an agent of Vault or a mount does: whole, by a rename. */
async function deliver(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

async function tokenFor(name: string): Promise<string> {
  const { secret } = await aclsOf(agent).tokenWith(
    leastPolicy({ services: [name], discovers: [], keys: [] }).join('\n'),
  );
  return secret;
}

async function started(options: RegistrarOptions) {
  const lines: string[] = [];
  const log = (_fields: object, message: string) => lines.push(message);
  const logger = { debug: () => undefined, info: log, warn: log, error: log };
  const registrar = new Registrar({ logger, shutdown: quickStop, ttl: '3s', ...options });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  void registrar.bind(await listeningServer()).start();
  return { registrar, events, lines };
}

/** Lines of the log about an outage. */
const outagesIn = (lines: readonly string[]) => lines.filter((line) => line.includes('not registered yet'));

describe.each(['main', 'worker'] as const)('with beats from the %s thread', (thread) => {
  it.each(['absent', 'empty'])(
    'a token file that is %s is waited for, told once, and starts at once',
    async (state) => {
      const name = freshName('token');
      const path = join(await folder(), 'secrets', 'token');
      if (state === 'empty') await deliver(path, '\r\n');
      const registry = consul({ endpoints: [agent.url], tokenFile: path });
      const { registrar, events, lines } = await started({ name, registry, heartbeat: { thread } });
      const { error } = await events.next('beatMissed');
      expect(error.message).toContain(path);
      expect(registrar.status()).toMatchObject({
        state: 'waiting',
        trouble: { message: expect.stringContaining(path) as unknown },
      });
      await deliver(path, `${await tokenFor(name)}\r\n`);
      await events.next('registered', 5_000);
      expect(registrar.status()).toMatchObject({ state: 'registered', trouble: undefined });
      expect(outagesIn(lines)).toEqual([expect.stringContaining(path)]);
      expect(events.of('warning')).toEqual([]);
    },
  );
});

it('a certificate that is not there yet is waited for', async () => {
  const authority = await makeAuthority();
  const ours = await authority.issue();
  const front = await startTlsFront(agent.url, { cert: ours.cert, key: ours.key });
  later(() => front.close());
  const name = freshName('tls');
  const ca = join(await folder(), 'ca.pem');
  const { registrar, events } = await started({
    name,
    registry: consul({ endpoints: [front.url], token: await tokenFor(name), tls: { ca } }),
  });
  expect((await events.next('beatMissed')).error.message).toContain(ca);
  expect(registrar.state).toBe('waiting');
  await deliver(ca, authority.cert);
  await events.next('registered', 5_000);
});

describe.each(['main', 'worker'] as const)('with beats from the %s thread', (thread) => {
  it('a password file and an authority that are not there yet are waited for, for Redis', async () => {
    const server = await ownRedis({ password: 'of-the-file', tls: true });
    const [passwordFile, ca] = [join(await folder(), 'password'), join(await folder(), 'ca.pem')];
    const registry = redis({
      url: `rediss://127.0.0.1:${server.tlsPort}`,
      passwordFile,
      tls: { ca, serverName: 'localhost' },
    });
    const { registrar, events, lines } = await started({ name: freshName('redis'), registry, heartbeat: { thread } });
    const { error } = await events.next('beatMissed');
    expect([error.message.includes(passwordFile), error.message.includes(ca)]).toEqual([true, true]);
    expect(registrar.state).toBe('waiting');
    await deliver(ca, await readFile(certificate, 'utf8'));
    await deliver(passwordFile, 'of-the-file\r\n');
    await events.next('registered', 8_000);
    expect(outagesIn(lines)).toHaveLength(1);
  });

  it('a password file that is still empty is waited for, for etcd', async () => {
    const server = await ownEtcd();
    const admin = rawEtcd(server.url);
    await admin.post('/auth/user/add', { name: 'root', password: ' with blanks ' });
    await admin.post('/auth/role/add', { name: 'root' });
    await admin.post('/auth/user/grant', { user: 'root', role: 'root' });
    await admin.post('/auth/enable', {});
    const passwordFile = join(await folder(), 'password');
    await deliver(passwordFile, '');
    const registry = etcd({ endpoints: [server.url], username: 'root', passwordFile });
    const { registrar, events, lines } = await started({ name: freshName('etcd'), registry, heartbeat: { thread } });
    expect((await events.next('beatMissed')).error.message).toContain(passwordFile);
    expect(registrar.status()).toMatchObject({ state: 'waiting', trouble: { message: expect.anything() as unknown } });
    await deliver(passwordFile, ' with blanks \n');
    await events.next('registered', 8_000);
    expect(outagesIn(lines)).toEqual([expect.stringContaining(passwordFile)]);
  });
});

it('a config file that is not there yet is waited for, and its labels are in the first entry', async () => {
  const path = join(await folder(), 'live.json');
  const { registrar, events, lines } = await started({
    name: freshName('config'),
    registry: memory(),
    config: configFile(path),
  });
  await events.next('beatMissed');
  expect(registrar.state).toBe('waiting');
  await deliver(path, '');
  await deliver(path, '{ "tags": ["canary"] }');
  expect((await events.next('registered', 8_000)).instance.tags).toEqual(['canary']);
  expect(outagesIn(lines)).toEqual([expect.stringContaining(path)]);
  expect(events.of('configRejected')).toEqual([]);
});

it('a chain goes on without the registry whose token is not there, and returns to it', async () => {
  const name = freshName('chain');
  const path = join(await folder(), 'token');
  const registry = fallback([consul({ endpoints: [agent.url], tokenFile: path }), memory()], { patience: '500ms' });
  const { registrar, events } = await started({ name, registry, heartbeat: { interval: '300ms' } });
  await events.next('registered', 10_000);
  expect(registrar.status()).toMatchObject({ holder: 'memory', level: 1 });
  await deliver(path, await tokenFor(name));
  await waitFor(() => registrar.status().level === 0, { timeoutMs: 20_000 });
});

it('ends at once when it is stopped while it waits', async () => {
  const path = join(await folder(), 'token');
  const { registrar, events } = await started({
    name: freshName('stopped'),
    registry: consul({ endpoints: [agent.url], tokenFile: path }),
  });
  await events.next('beatMissed');
  await registrar.stop();
  expect(registrar.state).toBe('stopped');
});
