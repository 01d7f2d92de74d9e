import { mkdir, mkdtemp, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.js';
import { joinCredentials } from '../../../src/contracts/credentials.js';
import type { CredentialsReading } from '../../../src/contracts/credentials.js';
import { watchCredentials } from '../../../src/credentials/watch-credentials.js';
import { waitFor } from '../../support/wait-for.js';

let folder: string;
const offs: (() => void)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-secrets-'));
});
afterEach(async () => {
  for (const off of offs.splice(0)) off();
  await rm(folder, { recursive: true });
});

/** Counts how often it was read, and tells a change when told to. */
function secretsIn(...files: string[]) {
  return {
    files,
    reads: 0,
    reread(): CredentialsReading {
      this.reads += 1;
      return { changed: true, problems: [] };
    },
  };
}

function watching(credentials: ReturnType<typeof secretsIn>): CredentialsReading[] {
  const told: CredentialsReading[] = [];
  offs.push(watchCredentials(credentials, systemClock, (reading) => told.push(reading)));
  return told;
}

it.each([
  [
    'replaced by a rename',
    async (path: string) => {
      await writeFile(`${path}.new`, 'two');
      await rename(`${path}.new`, path);
    },
  ],
  ['written in place', (path: string) => writeFile(path, 'two')],
  ['removed', (path: string) => unlink(path)],
])('has secrets read again when a file of theirs is %s', async (_how, change) => {
  const path = join(folder, 'token');
  await writeFile(path, 'one');
  const credentials = secretsIn(path, join(folder, 'absent'));
  const told = watching(credentials);
  await waitFor(() => told.length === 1);
  await change(path);
  await waitFor(() => told.length === 2);
});

it('follows the links by which Kubernetes mounts a secret', async () => {
  for (const version of ['one', 'two']) {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, 'token'), version);
  }
  await symlink('one', join(folder, '..data'));
  await symlink('..data/token', join(folder, 'token'));
  const credentials = secretsIn(join(folder, 'token'));
  const told = watching(credentials);
  await waitFor(() => told.length === 1);
  await symlink('two', join(folder, '..data_tmp'));
  await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  await waitFor(() => told.length === 2);
  expect(await readFile(credentials.files[0]!, 'utf8')).toBe('two');
});

it('sees a file that no watcher of its directory tells of', async () => {
  await writeFile(join(folder, 'elsewhere'), 'one');
  await mkdir(join(folder, 'mount'));
  await symlink('../elsewhere', join(folder, 'mount', 'token'));
  const told = watching(secretsIn(join(folder, 'mount', 'token')));
  await waitFor(() => told.length === 1);
  await writeFile(join(folder, 'elsewhere'), 'two!');
  await waitFor(() => told.length === 2);
});

it('watches once for all who share the secrets, and not at all for those without files', async () => {
  const path = join(folder, 'token');
  const credentials = secretsIn(path);
  const [one, two] = [watching(credentials), watching(credentials)];
  await waitFor(() => one.length === 1 && two.length === 1);
  offs.shift()?.();
  await writeFile(path, 'one');
  await waitFor(() => two.length === 2);
  expect([one.length, credentials.reads]).toEqual([1, 2]);
  const none = secretsIn();
  watching(none);
  expect(none.reads).toBe(0);
});

it('takes those of several for one: each file once, each problem once', () => {
  const broken = { files: ['a', 'b'], reread: () => ({ changed: false, problems: ['a is broken'] }) };
  const good = { files: ['a', 'c'], reread: () => ({ changed: true, problems: [] }) };
  const joined = joinCredentials([broken, undefined, good, broken]);
  expect(joined.files).toEqual(['a', 'b', 'c']);
  expect(joined.reread()).toEqual({ changed: true, problems: ['a is broken'] });
});

it('miss a file of several registries only while none can do without', () => {
  const reread = () => ({ changed: false, problems: [] });
  const lacking = { files: ['a'], missing: ['a is not there'], reread };
  const complete = { files: ['b'], reread };
  expect(joinCredentials([lacking, lacking]).missing).toEqual(['a is not there']);
  expect(joinCredentials([lacking, complete]).missing).toEqual([]);
  expect(joinCredentials([lacking, undefined]).missing).toEqual([]);
});
