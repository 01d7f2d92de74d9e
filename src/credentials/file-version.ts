import { on } from 'node:events';
import { dirname } from 'node:path';
import { untilAborted } from '../core/abort.js';
import { isError } from '../core/errors.js';

/** Identifies the version of a file without reading it. */
export interface FileVersion {
  /** Equal for the same version, and different for any other. */
  readonly mark: string;
  readonly isFile: boolean;
  readonly size: number;
}

/**
 * The version of the file that a path leads to, through symbolic links; undefined when there is no file. Rejects when
 * `stat` fails.
 */
export async function versionOf(path: string): Promise<FileVersion | undefined> {
  const { stat } = await import('node:fs/promises');
  const found = await orUndefined(stat(path, { bigint: true }));
  if (found === undefined) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  return { mark: [dev, ino, size, mtimeNs, ctimeNs].join(':'), isFile: found.isFile(), size: Number(size) };
}

/**
 * Resolves once `hasChanged` resolves to true: called first at once and then at each event in the file's directory.
 * Rejects with the signal's reason. Some mounts emit no events, so the caller has to poll as well.
 */
export async function untilChanged(
  path: string,
  hasChanged: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  try {
    const { watch } = await import('node:fs');
    // Watches the directory, because a watcher of the file would miss a rename over it or a replaced symlink. Begins
    // before the first call of `hasChanged`, so that no change is missed in between.
    const watcher = watch(dirname(path), { persistent: false });
    try {
      const events = on(watcher, 'change', { signal });
      if (await hasChanged()) return;
      for await (const _event of events) if (await hasChanged()) return;
    } finally {
      watcher.close();
    }
  } catch {
    // The directory cannot be watched, or is gone: leaves it to the caller's poll.
    await untilAborted(signal);
  }
}

/** Resolves as `promise` does, or to undefined when it rejects because the file does not exist. */
export async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    const code = isError(error) && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
