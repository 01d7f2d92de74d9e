import { mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { memory } from 'rollcall';
import type { ServiceInstance } from 'rollcall';
import { WorkerRegistry as RegistryOfWorker } from '../../../src/cluster/worker-registry.js';
import { FakeClock } from '../../support/fake-clock.js';
import { filesBelow } from './files-below.js';
import { bare, full } from './instances.js';
import { readGolden } from './read-golden.js';
import { ownModes } from '../../support/posix.js';

interface Golden {
  /** Paths below the system's temporary directory, and contents; `<uid>` and `<pid>` are those of this process. */
  readonly files: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What another worker, the holder, has written; then what a second one makes of it. */
  readonly others: { readonly files: Readonly<Record<string, string>>; readonly fitness: object };
}

const golden = readGolden<Golden>('cluster-files');
const { signal } = new AbortController();
const passing = { status: 'passing', reason: 'ok' } as const;
const critical = { status: 'critical', reason: 'critical: db "käse" failed' } as const;

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-golden-'));
  vi.stubEnv('TMPDIR', dir);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

const here = (text: string) =>
  text.replaceAll('<uid>', String(userInfo().uid)).replaceAll('<pid>', String(process.pid));
const inPlace = (files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [here(path), here(content)]));

/** A worker whose primary says nothing, so that it agrees with the other workers. */
function startWorker(isRunning: (pid: number) => boolean = () => true) {
  const clock = new FakeClock();
  const memories = memory({ clock });
  const channel = { isOpen: () => true, send: () => undefined, listen: () => () => undefined };
  const worker = new RegistryOfWorker({
    registry: memories,
    channel,
    clock,
    service: 'a',
    ttlMs: 3_000,
    onStop: () => undefined,
    isRunning,
  });
  const register = async (instance: ServiceInstance) => {
    const registering = worker.register(instance, passing, signal);
    await clock.advance(2_000);
    return registering;
  };
  return { clock, registry: memories, register };
}

it.each([
  ['no scope', bare],
  ['a namespace and a partition', full],
] as const)('writes the golden files: %s', async (name, instance) => {
  const registration = await startWorker().register(instance);
  expect(await filesBelow(dir)).toEqual(inPlace(golden.files[name]!));
  await registration.renew(critical, signal);
  expect(await filesBelow(dir)).toEqual(inPlace(golden.files[`${name}, critical`]!));
  await registration.deregister(signal);
  expect(await filesBelow(dir)).toEqual({});
});

it('keeps the time of the last sign of life as that of the modification, for the owner alone', async () => {
  const { clock, register } = startWorker();
  const registration = await register(bare);
  await clock.advance(500);
  await registration.renew(passing, signal);
  const paths = Object.keys(inPlace(golden.files['no scope']!)).map((path) => join(dir, path));
  for (const path of paths) {
    const { mtimeMs, mode } = await stat(path);
    expect({ mtimeMs, mode: mode & 0o777 }).toEqual({ mtimeMs: clock.wallTime(), mode: ownModes.file });
    expect((await stat(dirname(path))).mode & 0o777).toBe(ownModes.folder);
  }
});

async function writeOthers(atMs: number): Promise<void> {
  for (const [path, content] of Object.entries(inPlace(golden.others.files))) {
    await mkdir(dirname(join(dir, path)), { recursive: true, mode: 0o700 });
    await writeFile(join(dir, path), content);
    await utimes(join(dir, path), atMs / 1_000, atMs / 1_000);
  }
}

it('stands by while another worker holds the entry, and takes it over from a dead one', async () => {
  let isRunning = true;
  const { clock, registry, register } = startWorker(() => isRunning);
  await writeOthers(clock.wallTime() + 2_000);
  const registration = await register(bare);
  expect(registration.holder()).toBe('another worker');
  isRunning = false;
  await registration.renew(passing, signal);
  expect([registration.holder(), await registry.read(bare, signal)]).toMatchObject(['memory', { status: 'passing' }]);
});

it('reads how the others do', async () => {
  const { clock, registry, register } = startWorker();
  const registration = await register(bare);
  await writeOthers(clock.wallTime());
  await writeFile(
    join(
      dir,
      Object.keys(inPlace(golden.files['no scope']!)).find((path) => path.endsWith('holder'))!,
    ),
    String(process.pid),
  );
  await registration.renew(critical, signal);
  expect(await registry.read(bare, signal)).toMatchObject(golden.others.fitness);
});
