import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { FILE_MODE, FOLDER_MODE, isOwnFolder, ownUid } from '../../core/private-folder.js';
import { RegistryDeniedError, RegistryUnavailableError, isError, isRegistrarError } from '../../core/errors.js';
import { replaceFile } from '../../core/replace-file.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import { BeatAges } from './beat-ages.js';
import { SUFFIX, decodeLeased, encodeLeased, encodeName } from './file-codec.js';
import { departFrom } from './file-departure.js';
import type { FileTarget } from './file-options.js';

/** An entry and the wall time of its last heartbeat. */
export interface StoredEntry {
  readonly leased: LeasedInstance;
  readonly beatAtMs: number;
  /** The whole text of the file. */
  readonly text: string;
}

/** Far above the size of any entry. */
const LARGEST_BYTES = 1024 * 1024;
/** A draft older than this belongs to a process that was killed in the middle of a write. */
const ABANDONED_AFTER_MS = 60_000;
/** Other users may share the directory. A link could lead anywhere, and opening a pipe would wait for its writer. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** One file per instance, in one directory per service. The file's modification time is its last heartbeat. */
export class FileStore {
  readonly #target: FileTarget;
  readonly #ages: BeatAges;
  readonly #clock: Clock;

  constructor(target: FileTarget, clock: Clock) {
    this.#target = target;
    this.#ages = new BeatAges(clock);
    this.#clock = clock;
  }

  /** How long ago the lease ended, in milliseconds; negative while it runs. */
  overdueMs(stored: StoredEntry): number {
    return this.#ages.of(stored) - stored.leased.instance.ttlMs;
  }

  async read(service: string, id: string): Promise<StoredEntry | undefined> {
    return this.#translateErrors(() => readEntry(this.#path(service, id)));
  }

  /**
   * Writes an entry by rename: readers see the old file or the new one, never half of one. With `over`, writes only
   * if that entry is still there, else resolves to false. Calls `assertActive`, which may throw, before the new file
   * appears.
   */
  async write(
    leased: LeasedInstance,
    atMs: number,
    over: StoredEntry | undefined,
    assertActive: () => void,
  ): Promise<boolean> {
    return this.#translateErrors(async () => {
      const { name, id } = leased.instance;
      await this.#makeDirectory(name);
      const path = this.#path(name, id);
      const draft = temporaryPath(path);
      try {
        await writeFile(draft, encodeLeased(leased), { mode: FILE_MODE, flag: 'wx' });
        await utimes(draft, atMs / 1000, atMs / 1000);
        assertActive();
        if (over !== undefined && (await readEntry(path))?.text !== over.text) {
          await rm(draft, { force: true });
          return false;
        }
        await replaceFile({ from: draft, to: path, clock: this.#clock });
        return true;
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    });
  }

  /** Records a heartbeat for an entry that is otherwise unchanged. False if the entry is no longer there. */
  async touch({ leased: { instance }, text }: StoredEntry, atMs: number): Promise<boolean> {
    const touched = await this.#translateErrors(() =>
      withOpenFile(this.#path(instance.name, instance.id), async (handle) => {
        if ((await handle.readFile('utf8')) !== text) return false;
        await handle.utimes(atMs / 1000, atMs / 1000);
        return true;
      }),
    );
    return touched ?? false;
  }

  /**
   * Removes an entry; with a nonce, only that incarnation's. It is renamed first and then checked, and put back if a
   * successor has replaced it.
   */
  async remove(service: string, id: string, nonce: string | undefined): Promise<void> {
    await this.#translateErrors(async () => {
      const path = this.#path(service, id);
      const asidePath = temporaryPath(path);
      if ((await undefinedIfMissing(rename(path, asidePath).then(() => true))) === undefined) return;
      const isSameIncarnation = nonce === undefined || (await readEntry(asidePath))?.leased.instance.nonce === nonce;
      if (!isSameIncarnation) await ignoreExisting(link(asidePath, path));
      await rm(asidePath, { force: true });
    });
  }

  /** Removes this incarnation's entry, or replaces it by what `change` returns, before it returns. */
  depart({ name, id, nonce }: ServiceInstance, change: (leased: LeasedInstance) => LeasedInstance | undefined): void {
    departFrom(this.#path(name, id), nonce, change);
  }

  async list(service: string): Promise<StoredEntry[]> {
    return this.#translateErrors(async () => {
      const { directory, files } = await this.#filesOf(service);
      const entries = await Promise.all(
        files.filter((file) => file.endsWith(SUFFIX)).map((file) => readEntry(join(directory, file))),
      );
      return entries.filter((entry) => entry !== undefined);
    });
  }

  /** Removes the drafts of processes that were killed in the middle of a write. */
  async sweep(service: string, nowMs: number): Promise<void> {
    await this.#translateErrors(async () => {
      const { directory, files } = await this.#filesOf(service);
      for (const file of files.filter((name) => !name.endsWith(SUFFIX))) {
        const path = join(directory, file);
        const found = await undefinedIfMissing(stat(path));
        if (found !== undefined && Math.abs(nowMs - found.ctimeMs) > ABANDONED_AFTER_MS)
          await rm(path, { force: true });
      }
    });
  }

  async #filesOf(service: string): Promise<{ directory: string; files: string[] }> {
    const directory = join(this.#target.dir, encodeName(service));
    return { directory, files: (await undefinedIfMissing(readdir(directory))) ?? [] };
  }

  #path(service: string, id: string): string {
    return join(this.#target.dir, encodeName(service), `${encodeName(id)}${SUFFIX}`);
  }

  async #makeDirectory(service: string): Promise<void> {
    const { dir } = this.#target;
    await mkdir(dir, { recursive: true, mode: FOLDER_MODE });
    await this.#assertOurs();
    await mkdir(join(dir, encodeName(service)), { recursive: true, mode: FOLDER_MODE });
  }

  /** Checks before reads too, because the owner of the directory decides which entries are in it. */
  async #assertOurs(): Promise<void> {
    if (this.#target.mustBeOurs) await undefinedIfMissing(assertOurs(this.#target.dir));
  }

  /** The one place where the file system's errors are translated into ours. */
  async #translateErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.#assertOurs();
      return await work();
    } catch (cause) {
      const code = codeOf(cause);
      if (code === undefined || isRegistrarError(cause)) throw cause;
      const denied = ['EACCES', 'EPERM', 'EROFS'].includes(code);
      const message =
        `The file registry in ${this.#target.dir} cannot be used (${code}). ` +
        'Give file({ dir }) a directory on a local disk that this process may write to';
      throw denied
        ? new RegistryDeniedError(message, { registry: 'file', cause })
        : new RegistryUnavailableError(message, { registry: 'file', cause });
    }
  }
}

async function readEntry(path: string): Promise<StoredEntry | undefined> {
  return withOpenFile(path, async (handle) => {
    const found = await handle.stat();
    if (!found.isFile() || found.size > LARGEST_BYTES) return undefined;
    const text = await handle.readFile('utf8');
    const leased = decodeLeased(text);
    return leased && { leased, beatAtMs: found.mtimeMs, text };
  });
}

/** Runs `work` on the open file, so that a rename in between does not matter. Undefined if there is no file. */
async function withOpenFile<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T | undefined> {
  const handle = await undefinedIfMissing(open(path, READ_ONLY));
  try {
    return handle && (await work(handle));
  } finally {
    await handle?.close();
  }
}

/** A name in the same directory that readers ignore. */
function temporaryPath(path: string): string {
  return `${path}.${crypto.randomUUID()}`;
}

/** Ignores that another process has taken the name meanwhile: its file counts. */
async function ignoreExisting(linking: Promise<void>): Promise<void> {
  try {
    await linking;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

async function assertOurs(dir: string): Promise<void> {
  if (isOwnFolder(await lstat(dir), ownUid())) return;
  throw new RegistryDeniedError(
    `The file registry does not trust ${dir}, which belongs to another user or which others may write to: ` +
      'remove it, or give file({ dir }) a directory of your own',
    { registry: 'file' },
  );
}

async function undefinedIfMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    // ELOOP: a link, which is not followed.
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
