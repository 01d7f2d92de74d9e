import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { chmod, link, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { file } from 'rollcall';
import type { HealthReport, Registry, ServiceInstance } from 'rollcall';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { later, cleanUp } from '../integration/fixtures/live.js';

const { signal } = new AbortController();
const passing = { status: 'passing', reason: 'ok' } as const;
const instance: ServiceInstance = {
  name: 'orders',
  id: 'o1',
  address: '127.0.0.1',
  port: 3000,
  tags: [],
  meta: {},
  nonce: 'n1',
  ttlMs: 60_000,
  checks: [],
};

/** Root reads every file, so that the test becomes a user who does not. */
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-shared-'));
  await mkdir(join(dir, 'orders'));
  for (const each of [dir, join(dir, 'orders')]) await chmod(each, 0o777);
});
afterEach(async () => {
  await cleanUp();
  await rm(dir, { recursive: true });
});

const place = (name: string) => join(dir, 'orders', name);

/** Everything that a service and its readers do, by a user who does not own the directory. */
async function live(): Promise<readonly string[]> {
  if (isRoot) process.seteuid?.(NOBODY);
  const registry: Registry = file({ dir });
  try {
    const registration = await registry.register(instance, passing, signal);
    await registration.renew(passing, signal);
    await registration.renew({ status: 'warning', reason: 'slow' }, signal);
    await registration.renew(passing, signal);
    expect(await registry.read(instance, signal)).toMatchObject({ status: 'passing', instance: { nonce: 'n1' } });
    const seen = (await registry.discovery?.poll('orders', undefined, signal))?.instances ?? [];
    await registration.deregister(signal);
    expect(await registry.read(instance, signal)).toBeUndefined();
    return seen.map(({ id, status }) => `${id} ${status}`);
  } finally {
    if (isRoot) process.seteuid?.(0);
    await registry.close();
  }
}

/** What a user who does not own the directory does with it. */
async function asNobody<T>(work: (registry: Registry) => Promise<T>): Promise<T> {
  if (isRoot) process.seteuid?.(NOBODY);
  const registry: Registry = file({ dir });
  try {
    return await work(registry);
  } finally {
    if (isRoot) process.seteuid?.(0);
    await registry.close();
  }
}

const entries: [what: string, put: () => Promise<unknown>][] = [
  [
    'an entry that another user alone may read',
    async () => {
      await writeFile(place('x.json'), '{}');
      await chmod(place('x.json'), isRoot ? 0o600 : 0o000);
    },
  ],
  ['a folder', () => mkdir(place('x.json'))],
  ['a folder of another program, which is old', () => mkdir(place('o1.json.backup'))],
  ['a folder under our own name', () => mkdir(place('o1.json'))],
  ['a pipe', () => Promise.resolve(execFileSync('mkfifo', ['-m', '666', place('x.json')]))],
  ['a pipe under our own name', () => Promise.resolve(execFileSync('mkfifo', ['-m', '666', place('o1.json')]))],
  ['a socket', () => socketAt(place('x.json'))],
  ['a socket under our own name', () => socketAt(place('o1.json'))],
  ['a link to a file that nobody may read', () => symlink('/etc/shadow', place('x.json'))],
  ['a link that leads round in circles', () => symlink(place('x.json'), place('x.json'))],
  ['a file that is far too large', () => writeFile(place('x.json'), 'x'.repeat(2_000_000))],
  ['JSON that is far too deep', () => writeFile(place('x.json'), '['.repeat(900_000))],
  ['a file that is no JSON', () => writeFile(place('x.json'), '\0')],
];

async function socketAt(path: string): Promise<void> {
  const server = createServer().listen(path);
  later(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  await chmod(path, 0o777);
}

describe('in a directory that others may write to', () => {
  it.each(entries)('%s stops neither a service nor its readers', async (_what, put) => {
    await put();
    expect(await live()).toEqual(['o1 passing']);
  });

  it('a link under our own name is replaced, and what it leads to is not touched', async () => {
    await writeFile(join(dir, 'target'), 'precious');
    await chmod(join(dir, 'target'), 0o666);
    await symlink(join(dir, 'target'), place('o1.json'));
    expect(await live()).toEqual(['o1 passing']);
    expect(await readFile(join(dir, 'target'), 'utf8')).toBe('precious');
  });

  it('what cannot be swept stays, and so does what is not ours', async () => {
    await mkdir(place('o1.json.folder'));
    await writeFile(place('notes.txt'), 'of another program');
    await link(place('notes.txt'), place('more.txt'));
    expect(await live()).toEqual(['o1 passing']);
    expect((await readdir(join(dir, 'orders'))).sort()).toEqual(['more.txt', 'notes.txt', 'o1.json.folder']);
  });

  it('more entries than a process may have files open are read all the same', async () => {
    for (let number = 0; number < 1_100; number += 1) {
      const entry = { instance: { ...instance, id: `e${number}` }, beat: passing };
      writeFileSync(place(`e${number}.json`), JSON.stringify(entry));
      chmodSync(place(`e${number}.json`), 0o644);
    }
    expect(await live()).toHaveLength(1_101);
  });

  it('a file where the folder of the service should be is an error that names it, and no readers are stopped', async () => {
    await rm(join(dir, 'orders'), { recursive: true });
    await writeFile(join(dir, 'orders'), 'not a folder');
    const registry = file({ dir });
    expect((await registry.discovery?.poll('orders', undefined, signal))?.instances).toEqual([]);
    await expect(registry.register(instance, passing, signal)).rejects.toThrow(join(dir, 'orders'));
    expect((await stat(join(dir, 'orders'))).isFile()).toBe(true);
    await registry.close();
  });
});

describe('a lease that others changed in the file', () => {
  it.each([1, 1_000_000_000])('is what was asked for again after a heartbeat, when it was %d ms', async (ttlMs) => {
    const registry = file({ dir });
    later(() => registry.close());
    const registration = await registry.register(instance, passing, signal);
    await registration.renew(passing, signal);
    const path = join(dir, 'orders', 'o1.json');
    const entry = JSON.parse(await readFile(path, 'utf8')) as { instance: ServiceInstance };
    await writeFile(path, JSON.stringify({ ...entry, instance: { ...entry.instance, ttlMs } }));
    await registration.renew(passing, signal);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ instance: { ttlMs: 60_000 } });
  });
});

describe('a directory that takes beats and no writes', () => {
  const brief = { ...instance, ttlMs: 400 };
  const readers = async () => {
    const registry = file({ dir });
    const { instances } = await registry.discovery!.poll('orders', undefined, signal);
    await registry.close();
    return instances.filter(({ status }) => status === 'passing' || status === 'warning').map(({ id }) => id);
  };
  const untilGone = async () => {
    const since = performance.now();
    while ((await readers()).length > 0) {
      expect(performance.now() - since).toBeLessThan(10 * brief.ttlMs);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };

  it.each<[string, (registry: Registry, renew: (report: HealthReport) => Promise<unknown>) => Promise<unknown>]>([
    ['turns critical', (_registry, renew) => renew({ status: 'critical', reason: 'db failed' })],
    ['goes into maintenance', (_registry, renew) => renew({ status: 'maintenance', reason: 'new disks' })],
  ])('loses an instance that %s within one TTL, whatever it tries', async (_what, turn) => {
    await asNobody(async (registry) => {
      const registration = await registry.register(brief, passing, signal);
      await registration.renew(passing, signal);
      await chmodAsOwner(0o555);
      // A reason, and a warning, may wait.
      await registration.renew({ status: 'passing', reason: 'two of three shards' }, signal);
      await registration.renew({ status: 'warning', reason: 'slow' }, signal);
      expect(await readers()).toEqual(['o1']);
      const refused = { code: 'ROLLCALL_REGISTRY_DENIED', answered: true };
      const keepTrying = async () => {
        await expect(turn(registry, (report) => registration.renew(report, signal))).rejects.toMatchObject(refused);
        await expect(registry.register(brief, { status: 'critical', reason: 'x' }, signal)).rejects.toMatchObject(
          refused,
        );
      };
      await Promise.all([untilGone(), keepTrying(), keepTrying()]);
      await keepTrying();
      expect(await readers()).toEqual([]);
      await registration.renew(passing, signal);
      expect(await readers(), 'and finds it again when it is well').toEqual(['o1']);
    });
  });

  it('loses one that stops within one TTL', async () => {
    await asNobody(async (registry) => {
      const registration = await registry.register(brief, passing, signal);
      await registration.renew(passing, signal);
      await chmodAsOwner(0o555);
      await expect(registration.deregister(signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_DENIED' });
      await untilGone();
    });
  });
});

/** Of the folder of the service. */
async function chmodAsOwner(mode: number): Promise<void> {
  if (isRoot) process.seteuid?.(0);
  await chmod(join(dir, 'orders'), mode);
  if (isRoot) process.seteuid?.(NOBODY);
}
