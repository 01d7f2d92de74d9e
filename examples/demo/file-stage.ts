import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { file } from 'rollcall';
import type { Stage } from './stage.js';

interface StoredEntry {
  readonly instance: { readonly id: string; readonly address?: string; readonly port?: number };
  readonly beat: { readonly status: string; readonly reason: string };
}

/** Uses the file registry in a temporary directory: one JSON file per instance. */
export async function openFiles(): Promise<Stage> {
  const dir = await mkdtemp(join(tmpdir(), 'rollcall-demo-'));
  const find = async (name: string, id: string): Promise<{ path: string; entry: StoredEntry } | undefined> => {
    const files = await readdir(join(dir, name)).catch(() => []);
    for (const path of files.filter((each) => each.endsWith('.json')).map((each) => join(dir, name, each))) {
      const entry = JSON.parse(await readFile(path, 'utf8')) as StoredEntry;
      if (entry.instance.id === id) return { path, entry };
    }
    return undefined;
  };
  return {
    title: `the file registry in ${dir}`,
    registry: file({ dir }),
    async readBack(name, id) {
      const found = await find(name, id);
      if (found === undefined) return undefined;
      const { instance, beat } = found.entry;
      return `${instance.address ?? 'this host'}:${instance.port ?? 0}, heartbeat ${beat.status} (${beat.reason})`;
    },
    async takeAway(name, id) {
      const found = await find(name, id);
      if (found !== undefined) await rm(found.path);
    },
    close: () => rm(dir, { recursive: true, force: true }),
  };
}
