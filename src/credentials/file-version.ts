import { on } from 'node:events';
import { dirname } from 'node:path';
import { untilAborted } from '../core/abort.js';

/** What tells one version of a file from another without reading it. */
export interface FileVersion {
  /** Equal for equal versions. */
  readonly mark: string;
  readonly isFile: boolean;
  readonly size: number;
}

/** The file behind a path, through any links; undefined where there is none. Rejects when that cannot be known. */
export async function versionOf(path: string): Promise<FileVersion | undefined> {
  const { stat } = await import('node:fs/promises');
  const found = await orUndefined(stat(path, { bigint: true }));
  if (found === undefined) return undefined;
  const { dev, ino, size, mtimeNs, ctimeNs } = found;
  return { mark: [dev, ino, size, mtimeNs, ctimeNs].join(':'), isFile: found.isFile(), size: Number(size) };
}

/**
 * Resolves once `isOther` says so: asked at first, and whenever the watcher of the file's directory is told something. Rejects with the
 * signal's reason; some mounts tell a watcher nothing, so the caller asks again by the clock.
 */
export async function untilChanged(path: string, isOther: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    const { watch } = await import('node:fs');
    // The directory, because a rename or a turned symlink leaves a watched file behind. Armed before the first look, so that
    // nothing falls between the two.
    const watcher = watch(dirname(path), { persistent: false });
    try {
      const events = on(watcher, 'change', { signal });
      if (await isOther()) return;
      for await (const _event of events) if (await isOther()) return;
    } finally {
      watcher.close();
    }
  } catch {
    // Nothing to watch, or no watcher to be had: the caller asks again when the hold is over.
    await untilAborted(signal);
  }
}

/** Undefined where there is no such file. */
export async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
