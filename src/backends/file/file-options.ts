import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '../../core/errors.js';

export interface FileOptions {
  /**
   * Where the entries are kept: a directory on a local disk, shared by everybody who is to see them. Made with mode 0700 when
   * it is missing. @default `rollcall-<uid>` in the system's directory for temporary files
   */
  readonly dir?: string;
}

export interface FileTarget {
  readonly dir: string;
  /** The default lies where other users may write, so it is only trusted when it is ours alone. */
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
