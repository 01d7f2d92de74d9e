import { link, lstat, mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { mapConcurrently } from '../../core/map-concurrently.js';
import { FILE_MODE, FOLDER_MODE, isOwnFolder, ownUid } from '../../core/private-folder.js';
import { RegistryDeniedError, RegistryUnavailableError, isRegistrarError } from '../../core/errors.js';
import { replaceFile } from '../../core/replace-file.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import type { ServiceInstance } from '../../contracts/service-instance.js';
import { BeatAges } from './beat-ages.js';
import { codeOf, pathOf, readEntry, undefinedIfMissing, withOpenFile } from './entry-file.js';
import type { StoredEntry } from './entry-file.js';
import { SUFFIX, encodeLeased, encodeName } from './file-codec.js';
import { departFrom } from './file-departure.js';
import type { FileTarget } from './file-options.js';
import { watchDirectories } from './watch-directories.js';

/** A draft older than this belongs to a process that was killed in the middle of a write. */
const ABANDONED_AFTER_MS = 60_000;
/** The most files to have open at once: a process has a limit of about a thousand. */
const MOST_OPEN = 32;

/** One file per instance, in one directory per service. The file's modification time is its last heartbeat. */
export class FileStore {
  readonly #target: FileTarget;
  readonly #ages: BeatAges;
  readonly #abandonedAfterMs: number;
  readonly #clock: Clock;

  constructor(target: FileTarget, clock: Clock, abandonedAfterMs = ABANDONED_AFTER_MS) {
    this.#target = target;
    this.#ages = new BeatAges(clock);
    this.#abandonedAfterMs = abandonedAfterMs;
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
        await this.#renameOver(draft, path);
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
      if ((await readEntry(path)) === undefined) return;
      if ((await undefinedIfMissing(rename(path, asidePath).then(() => true))) === undefined) return;
      const isSameIncarnation = nonce === undefined || (await readEntry(asidePath))?.leased.instance.nonce === nonce;
      if (!isSameIncarnation) await putBack(asidePath, path);
      await rm(asidePath, { force: true });
    });
  }

  /** Removes this incarnation's entry, or replaces it by what `change` returns, before it returns. */
  depart({ name, id, nonce }: ServiceInstance, change: (leased: LeasedInstance) => LeasedInstance | undefined): void {
    departFrom(this.#path(name, id), nonce, change);
  }

  /** True if an instance of the service was registered here, even if its entry is gone. */
  async hadInstances(service: string): Promise<boolean> {
    const directory = join(this.#target.dir, encodeName(service));
    return (await this.#translateErrors(() => undefinedIfMissing(lstat(directory))))?.isDirectory() ?? false;
  }

  /** The entries of a service. What is none, or stands under a name that is not its own, is left out. */
  async list(service: string): Promise<StoredEntry[]> {
    return this.#translateErrors(async () => {
      const { directory, files } = await this.#filesOf(service);
      const paths = files.filter((file) => file.endsWith(SUFFIX)).map((file) => join(directory, file));
      const entries = await mapConcurrently(paths, MOST_OPEN, readEntry);
      return entries.flatMap((entry, at) => {
        const { name = '', id = '' } = entry?.leased.instance ?? {};
        return entry !== undefined && this.#path(name, id) === paths[at] ? [entry] : [];
      });
    });
  }

  /** Calls `onChange` with a service when an entry of it was written or removed. Rejects with the signal's reason. */
  watch(services: readonly string[], onChange: (service: string) => void, signal: AbortSignal): Promise<void> {
    return this.#translateErrors(() => watchDirectories(this.#target.dir, services, onChange, signal));
  }

  /**
   * Removes the drafts of processes that were killed in the middle of a write. Compares with the time of an entry that
   * was just written, since only the file system's own clock says how old a file is. Never rejects.
   */
  async sweep(service: string, justWritten: string): Promise<void> {
    try {
      const { directory, files } = await this.#filesOf(service);
      const { ctimeMs: now } = await lstat(this.#path(service, justWritten));
      for (const file of files.filter(isTemporary)) await this.#sweepFile(join(directory, file), now);
    } catch {
      // A courtesy: the next registration tries again.
    }
  }

  /** Others may have put anything there, which then stays. */
  async #sweepFile(path: string, now: number): Promise<void> {
    try {
      if (now - (await lstat(path)).ctimeMs > this.#abandonedAfterMs) await rm(path, { force: true });
    } catch {
      // Another process has swept it, or it is not ours to remove.
    }
  }

  /** Renames a file over whatever has the name: a folder there is not ours, and is moved aside. */
  async #renameOver(from: string, to: string): Promise<void> {
    const replacement = { from, to, clock: this.#clock };
    try {
      await replaceFile(replacement);
    } catch (error) {
      if (codeOf(error) !== 'EISDIR') throw error;
      await rename(to, temporaryPath(to));
      await replaceFile(replacement);
    }
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
      const path = pathOf(cause);
      const where = path === undefined || path === this.#target.dir ? '' : ` at ${path}`;
      const message =
        `The file registry in ${this.#target.dir} cannot be used (${code}${where}). ` +
        'Give file({ dir }) a directory on a local disk that this process may write to';
      const context = { registry: 'file', answered: true, cause };
      throw denied ? new RegistryDeniedError(message, context) : new RegistryUnavailableError(message, context);
    }
  }
}

/** A name in the same directory that readers ignore. */
function temporaryPath(path: string): string {
  return `${path}.${crypto.randomUUID()}`;
}

/** True for a name that `temporaryPath` gives. */
function isTemporary(file: string): boolean {
  return file.includes(`${SUFFIX}.`);
}

/** Ignores that another process has taken the name meanwhile: its file counts. */
async function putBack(asidePath: string, path: string): Promise<void> {
  try {
    await link(asidePath, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOENT') throw error;
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
