import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { decodeLeased, encodeLeased } from './file-codec.js';

/**
 * Removes this incarnation's file at once, or replaces its content by what `change` returns; its last heartbeat stays.
 * The file is renamed first and then checked, and put back if it is a successor's. Throws the file system's errors.
 */
export function departFrom(
  path: string,
  nonce: string,
  change: (leased: LeasedInstance) => LeasedInstance | undefined,
): void {
  const aside = `${path}.${crypto.randomUUID()}`;
  renameSync(path, aside);
  const { leased, beatAt } = readNow(aside);
  const isOurs = leased?.instance.nonce === nonce;
  const next = isOurs ? change(leased) : undefined;
  if (next !== undefined) {
    rmSync(aside);
    writeFileSync(aside, encodeLeased(next), { mode: 0o600, flag: 'wx' });
    utimesSync(aside, beatAt, beatAt);
  }
  try {
    // Unlike a rename, a link never overwrites a file that another process has written meanwhile.
    if (!isOurs || next !== undefined) linkSync(aside, path);
  } finally {
    rmSync(aside, { force: true });
  }
}

function readNow(path: string): { leased: LeasedInstance | undefined; beatAt: Date } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    return { leased: found.isFile() ? decodeLeased(readFileSync(file, 'utf8')) : undefined, beatAt: found.mtime };
  } finally {
    closeSync(file);
  }
}
