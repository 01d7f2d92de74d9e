import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../core/errors.js';

export interface FileOptions {
  /**
   * Directory of the entries, on a local disk, shared by all processes that should see them. Created with mode 0700 if
   * it is missing.
   * @default `rollcall-<uid>` in the system's directory for temporary files
   */
  readonly dir?: string;
}

/** The resolved options. */
export interface FileTarget {
  readonly dir: string;
  /**
   * True for the default directory: other users can write beside it, so it is trusted only if it belongs to us alone.
   */
  readonly mustBeOurs: boolean;
}

/** Throws `ConfigError` for options that cannot work. */
export function resolveFileOptions({ dir }: FileOptions): FileTarget {
  if (dir === undefined) return { dir: join(tmpdir(), `rollcall-${String(userInfo().uid)}`), mustBeOurs: true };
  if (typeof dir !== 'string' || dir === '' || dir.includes('\0')) {
    throw new ConfigError([{ field: 'dir', value: dir, allowed: 'the path of a directory' }]);
  }
  return { dir: resolve(dir), mustBeOurs: false };
}
