import { lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileFuzzer } from '../file-fuzzer.js';
import { idOf } from './side.js';
import type { StartWorld } from './side.js';

interface Stored {
  readonly instance: { readonly id: string; readonly ttlMs: number };
  readonly beat: { readonly status: string };
}

/** A folder that others write to as well. It has no secrets. */
export const startFileWorld: StartWorld = async ({ registrars }) => {
  const dir = await mkdtemp(join(tmpdir(), 'rollcall-hostile-'));
  const other = join(dir, 'other', 'other-1.json');
  await mkdir(join(dir, 'other'));
  await writeFile(other, '{}');
  return {
    secrets: {},
    side(service, chaos) {
      const ids = Array.from({ length: registrars }, (_, index) => idOf(service, index));
      const folder = join(dir, service);
      const fuzzer = new FileFuzzer(folder, ids, chaos);
      return Promise.resolve({
        registrars: ids.map((id) => ({ id, options: { dir } })),
        async passing() {
          const isPassing = await Promise.all(ids.map((id) => isRight(join(folder, `${id}.json`), id)));
          return new Set(ids.filter((_, index) => isPassing[index]));
        },
        begin: () => fuzzer.begin(),
        heal: () => fuzzer.heal(),
        close: () => undefined,
      });
    },
    destroyed: async () => ((await readFile(other, 'utf8').catch(() => '')) === '{}' ? [] : [other]),
    close: () => rm(dir, { recursive: true, force: true }),
  };
};

/** Another address in the file is a drift, which is looked for every 30 s. */
async function isRight(path: string, id: string): Promise<boolean> {
  try {
    // A link may lead to what never ends, and a pipe would wait for its writer.
    const found = await lstat(path);
    if (!found.isFile()) return false;
    const { instance, beat } = JSON.parse(await readFile(path, 'utf8')) as Stored;
    return instance.id === id && beat.status === 'passing' && Date.now() - found.mtimeMs < instance.ttlMs;
  } catch {
    return false;
  }
}
