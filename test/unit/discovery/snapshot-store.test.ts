import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { resolveInstance } from '../../../src/discovery/resolve-instance.js';
import { SnapshotStore } from '../../../src/discovery/snapshot-store.js';
import { listed } from './scripted-discovery.js';
import { isPosix, ownModes } from '../../support/posix.js';

const key = { registry: 'memory', service: 'orders/ü', datacenter: undefined };
const instances = listed('a', 'b').map(resolveInstance);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-snapshots-'));
});
afterEach(() => rm(dir, { recursive: true }));

const open = () => new SnapshotStore(dir, systemClock);
const folder = () => join(dir, `rollcall-snapshots-${String(process.geteuid?.())}`);
const onlyFile = async () => {
  const files = await readdir(folder());
  expect(files).toHaveLength(1);
  return join(folder(), files[0]!);
};

it('gives another process what was saved, for its owner alone', async () => {
  await open().save(key, 5, instances);
  expect(await open().load(key)).toEqual({ savedAt: 5, instances });
  expect((await stat(folder())).mode & 0o777).toBe(ownModes.folder);
  expect((await stat(await onlyFile())).mode & 0o777).toBe(ownModes.file);
});

it('has nothing of a service that was not saved, nor of another datacenter', async () => {
  const store = open();
  await store.save(key, 5, instances);
  expect(await store.load({ ...key, service: 'orders_ü' })).toBeUndefined();
  expect(await store.load({ ...key, datacenter: 'dc2' })).toBeUndefined();
  expect(await store.savedAgoMs({ ...key, service: 'billing' })).toBe(Infinity);
  expect(await store.savedAgoMs(key)).toBeLessThan(60_000);
});

it('replaces the file as a whole', async () => {
  const store = open();
  await store.save(key, 5, instances);
  await store.save(key, 6, []);
  expect(await store.load(key)).toEqual({ savedAt: 6, instances: [] });
  await onlyFile();
});

it('gives nothing of a file that is cut short', async () => {
  const store = open();
  await store.save(key, 5, instances);
  const path = await onlyFile();
  await writeFile(path, (await readFile(path)).subarray(0, 100));
  expect(await store.load(key)).toBeUndefined();
});

if (isPosix)
  it('refuses a folder that others can write to', async () => {
    await mkdir(folder());
    await chmod(folder(), 0o777);
    await expect(open().save(key, 5, instances)).rejects.toThrow('writable by others');
    await expect(open().load(key)).rejects.toThrow('writable by others');
  });

it('tries again to open the folder', async () => {
  const store = open();
  await writeFile(folder(), '');
  await expect(store.save(key, 5, instances)).rejects.toThrow();
  await rm(folder());
  await store.save(key, 5, instances);
  expect(await store.load(key)).toBeDefined();
});

it('removes the draft of a process that was killed, and no draft under way', async () => {
  await open().save(key, 5, instances);
  const path = await onlyFile();
  await writeFile(`${path}.old`, 'half');
  await writeFile(`${path}.new`, 'half');
  await utimes(`${path}.old`, 1, 1);
  await open().load(key);
  expect((await readdir(folder())).sort()).toEqual(
    [path, `${path}.new`].map((each) => each.slice(folder().length + 1)),
  );
});
