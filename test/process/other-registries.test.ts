import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { file, redis } from 'rollcall';
import { killForkedServices } from '../support/fork-service.js';
import { startRedis } from '../support/servers/redis-server.js';
import { waitFor } from '../support/wait-for.js';
import { TestService } from './fixtures/start-service.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await killForkedServices();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const none = new AbortController().signal;

it('registers in the Redis that the environment names, shows no password, and holds no process open', async () => {
  const server = await startRedis({ password: 'hunter2' });
  cleanups.push(() => server.stop());
  const url = `redis://:hunter2@127.0.0.1:${server.port}`;
  const registry = redis({ url });
  cleanups.push(() => registry.close());
  const service = new TestService(
    {
      kind: 'none',
      url: 'env',
      awaitsStart: true,
      obeys: true,
      options: { name: 'mailer', id: 'mailer-1', ttl: '2s' },
    },
    { SERVICE_REGISTRY: 'redis', REDIS_URL: url },
  );
  expect(await service.told('settled')).toMatchObject({ state: 'registered' });
  expect((await registry.discovery?.poll('mailer', undefined, none))?.instances).toMatchObject([
    { id: 'mailer-1', status: 'passing' },
  ]);
  // Now it has nothing to do but to beat.
  service.tell('let go');
  expect(await service.exit).toEqual({ code: 0, signal: null });
  expect(service.output).not.toContain('hunter2');
  await waitFor(async () => (await registry.read({ name: 'mailer', id: 'mailer-1' }, none)) === undefined);
});

it('shares a directory with other processes of this host, and a killed one of them leaves it with its TTL', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-shared-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const ids = ['worker-1', 'worker-2', 'worker-3'];
  const start = (id: string) =>
    new TestService(
      { kind: 'none', url: 'env', obeys: true, options: { name: 'worker', id, ttl: '2s' } },
      { SERVICE_REGISTRY: 'file', TMPDIR: folder },
    );
  const services = ids.map(start);
  const registry = file({ dir: join(folder, `rollcall-${userInfo().uid}`) });
  const passing = async () => {
    const { instances } = (await registry.discovery?.poll('worker', undefined, none))!;
    return instances
      .filter(({ status }) => status === 'passing')
      .map(({ id }) => id)
      .sort();
  };
  await waitFor(async () => (await passing()).join() === ids.join(), { timeoutMs: 30_000 });
  services[1]!.process.signal('SIGKILL');
  await waitFor(async () => (await passing()).join() === 'worker-1,worker-3');
  await start('worker-2').event('registered');
  expect(await passing()).toEqual(ids);
  services[0]!.process.signal('SIGTERM');
  await services[0]!.exit;
  expect(await passing()).toEqual(['worker-2', 'worker-3']);
});
