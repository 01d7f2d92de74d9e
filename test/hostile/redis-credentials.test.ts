import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from '../integration/fixtures/live.js';
import { none, ownRedis, redisOn, registrarIn, sampleOf } from '../integration/fixtures/own-redis.js';

afterEach(cleanUp);

const certificate = fileURLToPath(new URL('../support/tls/localhost.cert.pem', import.meta.url));
const beats = { port: 4000, address: '10.0.0.7', ttl: '3s', heartbeat: { interval: '300ms' } } as const;

async function folderWith(files: Readonly<Record<string, string>>): Promise<(name: string) => string> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-redis-'));
  later(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return (name) => join(folder, name);
}

it('takes the new password of a file for the next connection', async () => {
  const server = await ownRedis({ password: 'first' });
  const file = await folderWith({ password: 'first\n' });
  const registry = redisOn({ url: server.url, passwordFile: file('password') });
  const { registrar, events } = registrarIn({ name: freshName('file'), registry, ...beats });
  await registrar.start();
  await writeFile(file('password'), 'second');
  await server.cli('CONFIG', 'SET', 'requirepass', 'second');
  await endConnections(server.port, 'second');
  const before = events.of('beat').length;
  await waitFor(() => events.of('beat').length > before + 2, { timeoutMs: 20_000 });
  await writeFile(file('password'), '');
  expect(await events.next('warning', 15_000)).toMatchObject({
    message: expect.stringMatching(/is empty, so the prev/),
  });
});

it('takes a password from a function, as soon as it gives the right one', async () => {
  const server = await ownRedis({ password: 'first' });
  let password = 'wrong';
  const registry = redisOn({ url: server.url, password: () => Promise.resolve(password) });
  const { registrar, events } = registrarIn({ name: freshName('function'), registry, ...beats });
  const starting = registrar.start();
  expect((await events.next('beatMissed')).error.code).toBe('ROLLCALL_REGISTRY_DENIED');
  password = 'first';
  await events.next('registered', 15_000);
  await starting;
});

it('trusts the authority that a file names by now', async () => {
  const server = await ownRedis({ tls: true });
  const other = await folderWith({ 'ca.pem': rootCertificates[0]! });
  const registry = redisOn({
    url: `rediss://127.0.0.1:${server.tlsPort}`,
    tls: { ca: other('ca.pem'), serverName: 'localhost' },
  });
  const instance = sampleOf('rotated');
  await expect(registry.read(instance, none)).rejects.toMatchObject({
    message: expect.stringMatching(/redis\(\{ tls: \{ ca \} \}\)/),
  });
  await copyFile(certificate, other('ca.pem'));
  expect(registry.credentials?.reread()).toEqual({ changed: true, problems: [] });
  expect(await waitFor(() => registry.read(instance, none).then(() => 'served'))).toBe('served');
});

/** Ends the connections of others, with the new password. */
async function endConnections(port: number, password: string): Promise<void> {
  const { createClient } = await import('@redis/client');
  const client = createClient({ url: `redis://:${password}@127.0.0.1:${port}` });
  await client.connect();
  later(() => client.destroy());
  await client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
}
