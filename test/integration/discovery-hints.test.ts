import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { file, redis } from 'rollcall';
import type { HealthReport, Registry, RegistryNews } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

const url = inject('redisUrl');
const { signal } = new AbortController();
const passing: HealthReport = { status: 'passing', reason: 'ok' };
const critical: HealthReport = { status: 'critical', reason: 'down' };

afterEach(cleanUp);

function instanceOf(name: string, id: string) {
  const where = { address: '10.0.0.7', port: 3000, tags: [], meta: {} };
  return { ...where, name, id, nonce: `nonce of ${id}`, ttlMs: 60_000, checks: [] };
}

function closedAfter(registry: Registry): Registry {
  later(() => registry.close());
  return registry;
}

/** What a watch of these services tells. */
function watched(registry: Registry, names: readonly string[]): { news: RegistryNews[]; done: Promise<void> } {
  const news: RegistryNews[] = [];
  const services = names.map((service) => ({ service, revision: undefined }));
  const done = registry.discovery!.watch!(services, (each) => news.push(each), signal);
  done.catch(() => undefined);
  return { news, done };
}

describe.each(['redis', 'file'] as const)('%s', (kind) => {
  let make: () => Registry;
  beforeEach(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-hints-'));
    later(() => rm(dir, { recursive: true }));
    make = () => closedAfter(kind === 'redis' ? redis({ url }) : file({ dir }));
  });

  it('hints at what is written and removed, not at a heartbeat that says nothing new', async () => {
    const [watchedName, other] = [freshName('hint'), freshName('other')];
    const writer = make();
    const reader = make();
    const { news, done } = watched(reader, [watchedName]);
    await waitFor(() => news.length === 1);
    expect(news).toEqual([{ kind: 'open' }]);
    const hints = () => news.length - 1;
    const registration = await writer.register(instanceOf(watchedName, 'a'), passing, signal);
    await waitFor(() => hints() >= 1);
    await registration.renew(passing, signal);
    await waitFor(() => hints() >= 2);
    const before = hints();
    for (let beat = 0; beat < 5; beat += 1) await registration.renew(passing, signal);
    await (await writer.register(instanceOf(other, 'b'), passing, signal)).renew(passing, signal);
    await registration.renew(critical, signal);
    await waitFor(() => hints() > before);
    await registration.deregister(signal);
    await waitFor(() => hints() > before + 1);
    // One or two events of the file system a write, and none a heartbeat.
    expect(hints()).toBeLessThanOrEqual(before + 4);
    expect(new Set(news.slice(1).map((each) => JSON.stringify(each)))).toEqual(
      new Set([JSON.stringify({ kind: 'hint', service: watchedName })]),
    );
    await reader.close();
    await expect(done).rejects.toThrow();
  });
});

it('has no watch through a client of the host, which would take no other commands', async () => {
  const client = createClient({ url });
  await client.connect();
  later(() => client.destroy());
  expect(closedAfter(redis({ client })).discovery?.watch).toBeUndefined();
});

it('does without hints where Redis refuses the channel to the writer and the reader', async () => {
  const admin = createClient({ url });
  await admin.connect();
  later(() => admin.destroy());
  const username = freshName('user');
  await admin.sendCommand(['ACL', 'SETUSER', username, 'on', '>secret', '~rollcall:*', '+@all', 'resetchannels']);
  later(() => admin.sendCommand(['ACL', 'DELUSER', username]));
  const restricted = () => closedAfter(redis({ url, username, password: 'secret' }));
  const name = freshName('refused');
  await (await restricted().register(instanceOf(name, 'a'), passing, signal)).renew(passing, signal);
  await expect(watched(restricted(), [name]).done).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_DENIED' });
  const resolver = createResolver({ registry: restricted(), logger: false });
  later(() => resolver.close());
  expect((await resolver.service(name).ready()).instances).toHaveLength(1);
});
