import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { isError } from '../../core/errors.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { decodeLeased } from './file-codec.js';

/** An entry and the wall time of its last heartbeat. */
export interface StoredEntry {
  readonly leased: LeasedInstance;
  readonly beatAtMs: number;
  /** The whole text of the file. */
  readonly text: string;
}

/** Far above the size of any entry. */
const LARGEST_BYTES = 1024 * 1024;

/** Other users may share the directory. A link could lead anywhere, and opening a pipe would wait for its writer. */
export const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Reads an entry. Undefined if there is none: no file, or something that no registry of ours has put there. */
export async function readEntry(path: string): Promise<StoredEntry | undefined> {
  return withOpenFile(path, async (handle, { mtimeMs, size }) => {
    const text = await readText(handle, size);
    const leased = decodeLeased(text);
    return leased && { leased, beatAtMs: mtimeMs, text };
  });
}

/** In one step for most files: `readFile` takes three, each of which waits for its turn among all of a list. */
async function readText(handle: FileHandle, size: number): Promise<string> {
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.toString('utf8', 0, length);
}

/** Runs `work` on the open file, so that a rename in between does not matter. Undefined if there is no such file. */
export async function withOpenFile<T>(
  path: string,
  work: (handle: FileHandle, found: Stats) => Promise<T>,
): Promise<T | undefined> {
  const handle = await openOwn(path);
  try {
    if (handle === undefined) return undefined;
    const found = await handle.stat();
    return canBeEntry(found) ? await work(handle, found) : undefined;
  } finally {
    await handle?.close();
  }
}

/** True for a file that is no longer than an entry can be. */
export function canBeEntry(found: Stats): boolean {
  return found.isFile() && found.size <= LARGEST_BYTES;
}

/** Undefined if there is nothing, or a link, a socket, or a file that only another user may read. */
async function openOwn(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, READ_ONLY);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    // Without a right to the directory itself, not even `lstat` works: then there may be an entry.
    if (foreignCodes.includes(codeOf(error) ?? '')) return undefinedIfForeign(path, error);
    throw error;
  }
}

/** What `open` says of a file without a right, of a socket, and of a device without a driver. */
const foreignCodes = ['EACCES', 'EPERM', 'ENXIO', 'ENODEV', 'EOPNOTSUPP'];

async function undefinedIfForeign(path: string, error: unknown): Promise<undefined> {
  await lstat(path).catch((failure: unknown) => {
    if (!isAbsent(failure)) throw error;
  });
  return undefined;
}

/** Resolves as `promise` does, or to undefined if there is no file, or a link, which is not followed. */
export async function undefinedIfMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR';
}

export function codeOf(error: unknown): string | undefined {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The file that an error of the file system is about. */
export function pathOf(error: unknown): string | undefined {
  return isError(error) && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
}
