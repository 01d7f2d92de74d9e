import {
  closeSync,
  fstatSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { FILE_MODE } from '../../core/private-folder.js';
import type { LeasedInstance } from '../../instance/leased-instance.js';
import { READ_ONLY, canBeEntry } from './entry-file.js';
import { decodeLeased, encodeLeased } from './file-codec.js';

/**
 * Removes this incarnation's file at once, or replaces its content by what `change` returns; its last heartbeat stays.
 * The file is renamed first and then checked again, and put back if it is a successor's. Throws the file system's
 * errors.
 */
export function departFrom(
  path: string,
  nonce: string,
  change: (leased: LeasedInstance) => LeasedInstance | undefined,
): void {
  // A folder or a link of another program must not move, even for a moment.
  if (readNow(path).leased?.instance.nonce !== nonce) return;
  const aside = `${path}.${crypto.randomUUID()}`;
  renameSync(path, aside);
  const { leased, beatAt } = readNow(aside);
  const isOurs = leased?.instance.nonce === nonce;
  const next = isOurs ? change(leased) : undefined;
  if (next !== undefined) {
    rmSync(aside);
    writeFileSync(aside, encodeLeased(next), { mode: FILE_MODE, flag: 'wx' });
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
  const file = openSync(path, READ_ONLY);
  try {
    const found = fstatSync(file);
    return { leased: canBeEntry(found) ? decodeLeased(readFileSync(file, 'utf8')) : undefined, beatAt: found.mtime };
  } finally {
    closeSync(file);
  }
}
