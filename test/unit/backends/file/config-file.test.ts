import { mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFile } from '../../../../src/backends/file/config-file.js';

const signal = new AbortController().signal;

/** Watches of this process, unheld ones too, as the kernel counts them. */
async function watches(): Promise<number> {
  const counts = await Promise.all(
    (await readdir('/proc/self/fdinfo')).map((fd) => readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => '')),
  );
  return counts.join('').split('inotify wd:').length - 1;
}

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rollcall-live-'));
  path = join(dir, 'live.json');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const render = async (tags: string[]) => {
  await writeFile(`${path}.new`, JSON.stringify({ tags }));
  await rename(`${path}.new`, path);
};

/** A poll that is held by now: the file is the one of its cursor. */
async function heldPoll(source: ReturnType<typeof configFile>, abort: AbortSignal = signal) {
  const { cursor } = await source.poll(undefined, signal);
  let settled = false;
  const poll = source.poll(cursor, abort).finally(() => (settled = true));
  poll.catch(() => undefined);
  // Neighbours do not wake it; by the time that this was noticed the watcher is there.
  for (let i = 0; i < 5; i += 1) {
    await writeFile(join(dir, 'neighbour'), String(i));
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(settled).toBe(false);
  return { poll };
}

describe('reading', () => {
  it('takes JSON, or an env file by its name or when told so', async () => {
    await render(['a']);
    expect(await configFile(path).poll(undefined, signal)).toMatchObject({ values: { tags: ['a'] } });
    for (const name of ['orders.env', '.env', '.env.production']) {
      await writeFile(join(dir, name), 'SERVICE_TAGS=b');
      expect(await configFile(join(dir, name)).poll(undefined, signal)).toMatchObject({ values: { tags: ['b'] } });
    }
    await writeFile(path, 'SERVICE_TAGS=c');
    expect(await configFile(path, { format: 'env' }).poll(undefined, signal)).toMatchObject({
      values: { tags: ['c'] },
    });
  });

  it('tells a file that is not there, or empty, from one that cannot be understood', async () => {
    const pending = (words: string) => ({
      cursor: expect.any(String) as string,
      pending: expect.stringContaining(words) as string,
    });
    expect(await configFile(path).poll(undefined, signal)).toEqual(pending(path));
    const nowhere = join(dir, 'no', 'such', 'folder.json');
    expect(await configFile(nowhere).poll(undefined, signal)).toEqual(pending('not there yet'));
    await writeFile(path, ' \n');
    expect(await configFile(path).poll(undefined, signal)).toEqual(pending('still empty'));
    await writeFile(path, 'OTHER=1');
    const env = configFile(path, { format: 'env' });
    expect(await env.poll(undefined, signal)).toEqual({ cursor: expect.any(String) as string });
    await writeFile(path, '{ "tags": ["a');
    expect((await configFile(path).poll(undefined, signal)).problem).toContain('not valid JSON');
    await writeFile(path, Buffer.from([0xff, 0xfe, 0x00]));
    expect((await configFile(path).poll(undefined, signal)).problem).toContain('UTF-8');
    await writeFile(path, ' '.repeat(1024 * 1024 + 1));
    expect((await configFile(path).poll(undefined, signal)).problem).toContain('larger');
    expect((await configFile(dir).poll(undefined, signal)).problem).toBe('it is not a file');
  });

  it('rejects when it cannot be read at all, and names the file', async () => {
    await symlink('loop.json', join(dir, 'loop.json'));
    const looped = configFile(join(dir, 'loop.json'));
    await expect(looped.poll(undefined, signal)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: `${looped.name} cannot be read (ELOOP): check the path in configFile() and its permissions`,
    });
  });

  it.each([[''], ['a\0b'], [undefined]])('refuses a path that cannot be one: %j', (wrong) => {
    expect(() => configFile(wrong as string)).toThrow(expect.objectContaining({ code: 'ROLLCALL_CONFIG' }));
  });
});

describe('waiting for a change', () => {
  it('is over when the file is replaced', async () => {
    await render(['a']);
    const before = await watches();
    const { poll } = await heldPoll(configFile(path));
    expect(await watches()).toBe(before + 1);
    await render(['b']);
    expect(await poll).toMatchObject({ values: { tags: ['b'] } });
    expect(await watches()).toBe(before);
  });

  it('is over when it is written in place, and when it is removed', async () => {
    await render(['a']);
    const source = configFile(path);
    const written = await heldPoll(source);
    await writeFile(path, '{ "tags": ["in place"] }');
    await written.poll;
    const removed = await heldPoll(source);
    await rm(path);
    expect(await removed.poll).not.toHaveProperty('values');
  });

  it('is over when a symlink above the file is turned, as Kubernetes does with a ConfigMap', async () => {
    for (const version of ['v1', 'v2']) {
      await mkdir(join(dir, `..${version}`));
      await writeFile(join(dir, `..${version}`, 'live.json'), JSON.stringify({ tags: [version] }));
    }
    await symlink('..v1', join(dir, '..data'));
    await symlink(join('..data', 'live.json'), path);
    const { poll } = await heldPoll(configFile(path));
    await symlink('..v2', join(dir, '..data_tmp'));
    await rename(join(dir, '..data_tmp'), join(dir, '..data'));
    expect(await poll).toMatchObject({ values: { tags: ['v2'] } });
  });

  it('is over at once when the file changed before it began', async () => {
    await render(['a']);
    const source = configFile(path);
    const { cursor } = await source.poll(undefined, signal);
    await render(['b']);
    expect(await source.poll(cursor, signal)).toMatchObject({ values: { tags: ['b'] } });
  });

  it.each(['beside the file', 'where there is no folder to watch'])(
    'ends with its signal and leaves no watcher behind, %s',
    async (where) => {
      const source = configFile(where === 'beside the file' ? path : join(dir, 'none', 'live.json'));
      const controller = new AbortController();
      const before = await watches();
      const { poll } = await heldPoll(source, controller.signal);
      const reason = new Error('enough');
      controller.abort(reason);
      await expect(poll).rejects.toBe(reason);
      expect(await watches()).toBe(before);
    },
  );
});
