import { lstat, mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RegistryDeniedError, RegistryUnavailableError, isRegistrarError } from '../../errors.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { SUFFIX, decodeLeased, encodeLeased, encodeName } from './file-codec.js';
import type { FileTarget } from './file-options.js';

/** An entry and the wall time of its last heartbeat. */
export interface StoredEntry {
  readonly leased: LeasedInstance;
  readonly beatAtMs: number;
}

/** One file an instance, in one directory a service. The file's modification time is its last heartbeat. */
export class FileStore {
  readonly #target: FileTarget;

  constructor(target: FileTarget) {
    this.#target = target;
  }

  async read(service: string, id: string): Promise<StoredEntry | undefined> {
    return this.#translated(() => readEntry(this.#path(service, id)));
  }

  /** Readers see the old file or the new one, never half of one. `proceed` is asked before the new one appears. */
  async write(leased: LeasedInstance, atMs: number, proceed: () => void): Promise<void> {
    await this.#translated(async () => {
      const { name, id } = leased.instance;
      await this.#makeDirectory(name);
      const path = this.#path(name, id);
      const draft = `${path}.${crypto.randomUUID()}`;
      try {
        await writeFile(draft, encodeLeased(leased), { mode: 0o600, flag: 'wx' });
        await utimes(draft, atMs / 1000, atMs / 1000);
        proceed();
        await rename(draft, path);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    });
  }

  /** Moves the heartbeat of an entry that is otherwise unchanged; false when there is no such file. */
  async touch(service: string, id: string, atMs: number): Promise<boolean> {
    return this.#translated(async () => (await orAbsent(utimes(this.#path(service, id), atMs / 1000, atMs / 1000).then(() => true))) ?? false);
  }

  async remove(service: string, id: string): Promise<void> {
    await this.#translated(() => rm(this.#path(service, id), { force: true }));
  }

  async list(service: string): Promise<StoredEntry[]> {
    return this.#translated(async () => {
      const directory = join(this.#target.dir, encodeName(service));
      const files = (await orAbsent(readdir(directory))) ?? [];
      const entries = await Promise.all(files.filter((file) => file.endsWith(SUFFIX)).map((file) => readEntry(join(directory, file))));
      return entries.filter((entry) => entry !== undefined);
    });
  }

  #path(service: string, id: string): string {
    return join(this.#target.dir, encodeName(service), `${encodeName(id)}${SUFFIX}`);
  }

  async #makeDirectory(service: string): Promise<void> {
    const { dir, mustBeOurs } = this.#target;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    if (mustBeOurs) await assertOurs(dir);
    await mkdir(join(dir, encodeName(service)), { recursive: true, mode: 0o700 });
  }

  /** The one place where the file system's errors become ours. */
  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const code = codeOf(cause);
      if (code === undefined || isRegistrarError(cause)) throw cause;
      const denied = ['EACCES', 'EPERM', 'EROFS'].includes(code);
      const message = `The file registry in ${this.#target.dir} cannot be used (${code}). Give file({ dir }) a directory on a local disk that this process may write`;
      throw denied ? new RegistryDeniedError(message, { registry: 'file', cause }) : new RegistryUnavailableError(message, { registry: 'file', cause });
    }
  }
}

async function readEntry(path: string): Promise<StoredEntry | undefined> {
  const found = await orAbsent(Promise.all([readFile(path, 'utf8'), stat(path)]));
  const leased = found && decodeLeased(found[0]);
  return leased && { leased, beatAtMs: found[1].mtimeMs };
}

async function assertOurs(dir: string): Promise<void> {
  const { uid, mode } = await lstat(dir);
  const us = process.geteuid?.();
  // A real directory, and neither group nor others may write.
  if (us === undefined || (uid === us && (mode & 0o170022) === 0o040000)) return;
  throw new RegistryDeniedError(`${dir} belongs to somebody else or others may write to it: remove it, or give file({ dir }) a directory of yours`, {
    registry: 'file',
  });
}

async function orAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
