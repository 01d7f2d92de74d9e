import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { file } from 'rollcall';
import { filesBelow } from './files-below.js';
import { bare, full } from './instances.js';
import { readGolden } from './read-golden.js';
import { FileRegistry } from '../../../src/backends/file/file-registry.js';
import { ownModes } from '../../support/posix.js';

interface Golden {
  /** What is in the directory: paths, and contents as they are indented on disk. */
  readonly files: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly stored: Readonly<
    Record<string, { readonly value: object; readonly entry: object; readonly listed: readonly object[] }>
  >;
}

const golden = readGolden<Golden>('file');
const { signal } = new AbortController();
const passing = { status: 'passing', reason: 'ok' } as const;
const critical = { status: 'critical', reason: 'critical: db "käse" failed' } as const;
const maintenance = { status: 'maintenance', reason: 'rollcall: new disks' } as const;
const key = { name: bare.name, id: bare.id, nonce: bare.nonce };

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-golden-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

const textOf = (value: object) => `${JSON.stringify(value, undefined, 2)}\n`;

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  'register, every field': () => file({ dir }).register(full, passing, signal),
  'register, no optional field': () => file({ dir }).register(bare, passing, signal),
  'register, a name and an id to be escaped': () =>
    file({ dir }).register({ ...bare, name: '../Öre A', id: '.x/%' }, passing, signal),
  'register, a long id': () => file({ dir }).register({ ...bare, id: 'long'.repeat(50) }, passing, signal),
  'register, in maintenance': () => file({ dir }).register(bare, maintenance, signal),
  'heartbeat, passing': async () => (await file({ dir }).register(bare, passing, signal)).renew(passing, signal),
  'heartbeat, critical': async () => (await file({ dir }).register(bare, passing, signal)).renew(critical, signal),
  'maintenance on': async () => {
    await file({ dir }).register(bare, passing, signal);
    await file({ dir }).maintain!(key, 'rollcall: new disks', signal);
  },
  deregister: async () => (await file({ dir }).register(bare, passing, signal)).deregister(signal),
};

it.each(Object.keys(scenarios))('writes the golden bytes: %s', async (name) => {
  await scenarios[name]!();
  const written = await filesBelow(dir);
  const expected = Object.entries(golden.files[name] ?? {}).map(([path, value]) => [path, textOf(value)]);
  expect(written).toEqual(Object.fromEntries(expected));
});

it('has a scenario for all that is golden', () => {
  expect(Object.keys(golden.files)).toEqual(Object.keys(scenarios));
});

it('keeps the time of the last heartbeat as that of the modification, for the owner alone', async () => {
  const clock = {
    now: () => 0,
    wallTime: () => 1_700_000_000_000,
    after: () => () => undefined,
    sleep: async () => undefined,
    hold: () => () => undefined,
  };
  await new FileRegistry({ dir: join(dir, 'made') }, clock).register(bare, passing, signal);
  const { mtimeMs, mode } = await stat(join(dir, 'made/queue/queue-1.json'));
  const folders = await Promise.all(
    ['made', 'made/queue'].map(async (folder) => (await stat(join(dir, folder))).mode & 0o777),
  );
  expect({ mtimeMs, mode: mode & 0o777, folders }).toEqual({
    mtimeMs: 1_700_000_000_000,
    mode: ownModes.file,
    folders: [ownModes.folder, ownModes.folder],
  });
});

it('meets the others of the same user in the golden directory', async () => {
  vi.stubEnv('TMPDIR', dir);
  await file().register(bare, passing, signal);
  expect(Object.keys(await filesBelow(dir))).toEqual([`rollcall-${String(userInfo().uid)}/queue/queue-1.json`]);
});

it.each(Object.entries(golden.stored))('reads back: %s', async (_name, { value, entry, listed }) => {
  const path = join(dir, 'queue/queue-1.json');
  await mkdir(dirname(path));
  await writeFile(path, textOf(value));
  await utimes(path, new Date(), new Date());
  const registry = file({ dir });
  expect(await registry.read(key, signal)).toEqual(entry);
  expect((await registry.discovery!.poll('queue', undefined, signal)).instances).toEqual(listed);
});
