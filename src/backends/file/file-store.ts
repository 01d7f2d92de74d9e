import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.js';
import { RegistryDeniedError, RegistryUnavailableError, isError, isRegistrarError } from '../../core/errors.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { BeatAges } from './beat-ages.js';
import { SUFFIX, decodeLeased, encodeLeased, encodeName } from './file-codec.js';
import type { FileTarget } from './file-options.js';

/** An entry and the wall time of its last heartbeat. */
export interface StoredEntry {
  readonly leased: LeasedInstance;
  readonly beatAtMs: number;
  /** All that the file has. */
  readonly text: string;
}

/** Far above what an entry can hold. */
const LARGEST_BYTES = 1024 * 1024;
/** What a process that was killed in the middle of a write has left is not touched any more after so long. */
const ABANDONED_AFTER_MS = 60_000;
/** Others may share the directory: a link may lead anywhere, and to open a pipe waits for whoever writes to it. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** One file an instance, in one directory a service. The file's modification time is its last heartbeat. */
export class FileStore {
  readonly #target: FileTarget;
  readonly #ages: BeatAges;

  constructor(target: FileTarget, clock: Clock) {
    this.#target = target;
    this.#ages = new BeatAges(clock);
  }

  /** How long past the end of its lease. */
  overdueMs(stored: StoredEntry): number {
    return this.#ages.of(stored) - stored.leased.instance.ttlMs;
  }

  async read(service: string, id: string): Promise<StoredEntry | undefined> {
    return this.#translated(() => readEntry(this.#path(service, id)));
  }

  /**
   * Readers see the old file or the new one, never half of one. `over`: the entry that it is made from; false when that is no longer there.
   * `proceed` is asked before the new one appears.
   */
  async write(
    leased: LeasedInstance,
    atMs: number,
    over: StoredEntry | undefined,
    proceed: () => void,
  ): Promise<boolean> {
    return this.#translated(async () => {
      const { name, id } = leased.instance;
      await this.#makeDirectory(name);
      const path = this.#path(name, id);
      const draft = besides(path);
      try {
        await writeFile(draft, encodeLeased(leased), { mode: 0o600, flag: 'wx' });
        await utimes(draft, atMs / 1000, atMs / 1000);
        proceed();
        if (over !== undefined && (await readEntry(path))?.text !== over.text) {
          await rm(draft, { force: true });
          return false;
        }
        await rename(draft, path);
        return true;
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    });
  }

  /** Moves the heartbeat of an entry that is otherwise unchanged; false when it is not there any more. */
  async touch({ leased: { instance }, text }: StoredEntry, atMs: number): Promise<boolean> {
    const touched = await this.#translated(() =>
      opened(this.#path(instance.name, instance.id), async (handle) => {
        if ((await handle.readFile('utf8')) !== text) return false;
        await handle.utimes(atMs / 1000, atMs / 1000);
        return true;
      }),
    );
    return touched ?? false;
  }

  /** With a nonce, only an entry of that incarnation: it is taken aside first, and put back when a successor was quicker than we. */
  async remove(service: string, id: string, nonce: string | undefined): Promise<void> {
    await this.#translated(async () => {
      const path = this.#path(service, id);
      const aside = besides(path);
      if ((await orAbsent(rename(path, aside).then(() => true))) === undefined) return;
      const isMeant = nonce === undefined || (await readEntry(aside))?.leased.instance.nonce === nonce;
      if (!isMeant) await orThere(link(aside, path));
      await rm(aside, { force: true });
    });
  }

  async list(service: string): Promise<StoredEntry[]> {
    return this.#translated(async () => {
      const { directory, files } = await this.#filesOf(service);
      const entries = await Promise.all(
        files.filter((file) => file.endsWith(SUFFIX)).map((file) => readEntry(join(directory, file))),
      );
      return entries.filter((entry) => entry !== undefined);
    });
  }

  /** Removes what processes have left that were killed in the middle of a write. */
  async sweep(service: string, nowMs: number): Promise<void> {
    await this.#translated(async () => {
      const { directory, files } = await this.#filesOf(service);
      for (const file of files.filter((name) => !name.endsWith(SUFFIX))) {
        const path = join(directory, file);
        const found = await orAbsent(stat(path));
        if (found !== undefined && Math.abs(nowMs - found.ctimeMs) > ABANDONED_AFTER_MS)
          await rm(path, { force: true });
      }
    });
  }

  async #filesOf(service: string): Promise<{ directory: string; files: string[] }> {
    const directory = join(this.#target.dir, encodeName(service));
    return { directory, files: (await orAbsent(readdir(directory))) ?? [] };
  }

  #path(service: string, id: string): string {
    return join(this.#target.dir, encodeName(service), `${encodeName(id)}${SUFFIX}`);
  }

  async #makeDirectory(service: string): Promise<void> {
    const { dir } = this.#target;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    await this.#assertOurs();
    await mkdir(join(dir, encodeName(service)), { recursive: true, mode: 0o700 });
  }

  /** Whoever owns the directory says who is in it: also to those who only read. */
  async #assertOurs(): Promise<void> {
    if (this.#target.mustBeOurs) await orAbsent(assertOurs(this.#target.dir));
  }

  /** The one place where the file system's errors become ours. */
  async #translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.#assertOurs();
      return await work();
    } catch (cause) {
      const code = codeOf(cause);
      if (code === undefined || isRegistrarError(cause)) throw cause;
      const denied = ['EACCES', 'EPERM', 'EROFS'].includes(code);
      const message = `The file registry in ${this.#target.dir} cannot be used (${code}). Give file({ dir }) a directory on a local disk that this process may write`;
      throw denied
        ? new RegistryDeniedError(message, { registry: 'file', cause })
        : new RegistryUnavailableError(message, { registry: 'file', cause });
    }
  }
}

async function readEntry(path: string): Promise<StoredEntry | undefined> {
  return opened(path, async (handle) => {
    const found = await handle.stat();
    if (!found.isFile() || found.size > LARGEST_BYTES) return undefined;
    const text = await handle.readFile('utf8');
    const leased = decodeLeased(text);
    return leased && { leased, beatAtMs: found.mtimeMs, text };
  });
}

/** Runs `work` on the file itself, whatever its name comes to mean meanwhile; undefined when there is none. */
async function opened<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T | undefined> {
  const handle = await orAbsent(open(path, READ_ONLY));
  try {
    return handle && (await work(handle));
  } finally {
    await handle?.close();
  }
}

/** A name in the same directory that no reader looks at. */
function besides(path: string): string {
  return `${path}.${crypto.randomUUID()}`;
}

/** Somebody has taken the name meanwhile: theirs counts. */
async function orThere(linking: Promise<void>): Promise<void> {
  try {
    await linking;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

async function assertOurs(dir: string): Promise<void> {
  const { uid, mode } = await lstat(dir);
  const us = process.geteuid?.();
  // A real directory, and neither group nor others may write.
  if (us === undefined || (uid === us && (mode & 0o170022) === 0o040000)) return;
  throw new RegistryDeniedError(
    `${dir} belongs to somebody else or others may write to it: remove it, or give file({ dir }) a directory of yours`,
    {
      registry: 'file',
    },
  );
}

async function orAbsent<T>(promise: Promise<T>): Promise<T | undefined> {
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
