import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedInstance } from '../contracts/resolved-instance.js';
import type { Clock } from '../core/clock.js';
import { FILE_MODE, openPrivateFolder, ownUid } from '../core/private-folder.js';
import { replaceFile } from '../core/replace-file.js';
import type { SavedService, SnapshotKey } from './saved-service.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot-codec.js';

const SUFFIX = '.snapshot';
/** More than the largest service needs; what is longer was not written by us. */
const LONGEST_BYTES = 256 * 1_024 * 1_024;
/** A draft that is older belongs to a process that was killed in the middle of a write. */
const ABANDONED_AFTER_MS = 60_000;

/** The saved snapshots of a host: one file a service in a folder that only this user can write to. */
export class SnapshotStore {
  readonly #folder: string;
  readonly #parent: string;
  readonly #clock: Clock;
  #opening: Promise<void> | undefined;

  /** `dir`: the directory for the folder; undefined: that of the system for temporary files. */
  constructor(dir: string | undefined, clock: Clock) {
    this.#parent = dir ?? tmpdir();
    this.#folder = join(this.#parent, `rollcall-snapshots-${String(ownUid() ?? 'user')}`);
    this.#clock = clock;
  }

  /** Undefined if there is no file, or it is damaged. Rejects when the folder or the file cannot be read. */
  async load(key: SnapshotKey): Promise<SavedService | undefined> {
    await this.#open();
    const bytes = await readWhole(this.#path(key));
    return bytes && decodeSnapshot(key, bytes);
  }

  /** Replaces the file of the service. Readers see the old one or the new one. */
  async save(key: SnapshotKey, savedAt: number, instances: readonly ResolvedInstance[]): Promise<void> {
    await this.#open();
    const path = this.#path(key);
    const draft = `${path}.${randomUUID()}`;
    try {
      await writeFile(draft, encodeSnapshot(key, savedAt, instances), { mode: FILE_MODE, flag: 'wx' });
      await replaceFile({ from: draft, to: path, clock: this.#clock });
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** How long ago any process saved the service; Infinity: never. */
  async savedAgoMs(key: SnapshotKey): Promise<number> {
    try {
      return Math.max(0, this.#clock.wallTime() - (await stat(this.#path(key))).mtimeMs);
    } catch {
      return Infinity;
    }
  }

  /** After a failure, the next call tries again. */
  #open(): Promise<void> {
    return (this.#opening ??= this.#openFolder().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    }));
  }

  async #openFolder(): Promise<void> {
    await mkdir(this.#parent, { recursive: true });
    await openPrivateFolder(this.#folder, ownUid());
    await this.#sweep();
  }

  /** A courtesy: it may fail. */
  async #sweep(): Promise<void> {
    const files = await readdir(this.#folder).catch(() => []);
    for (const file of files.filter((each) => each.includes(`${SUFFIX}.`))) {
      const path = join(this.#folder, file);
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
      if (this.#clock.wallTime() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { force: true }).catch(() => undefined);
    }
  }

  /** The name is for people; the digest tells apart what the name cannot. */
  #path(key: SnapshotKey): string {
    const digest = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
    const shown = key.service.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 64);
    return join(this.#folder, `${shown}-${digest}${SUFFIX}`);
  }
}

/** Undefined if there is no file, or it is too long. */
async function readWhole(path: string): Promise<Buffer | undefined> {
  let handle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = await handle.stat();
    return size > LONGEST_BYTES ? undefined : await handle.readFile();
  } finally {
    await handle.close();
  }
}
