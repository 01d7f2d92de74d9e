import { lstat, mkdir } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

/** Only the owner may read and write. Windows ignores modes: there the temporary directory belongs to the user. */
export const FILE_MODE = 0o600;
export const FOLDER_MODE = 0o700;

/** The path of a folder of this user in the system's temporary directory. */
export function privateFolder(purpose: string): string {
  return join(tmpdir(), `rollcall-${purpose}-${String(userInfo().uid)}`);
}

/** The id of this user; undefined on a system without such ids, as Windows. */
export function ownUid(): number | undefined {
  return process.geteuid?.();
}

/** Whether a folder is a real directory of this user that no other may write to. Without user ids, all are trusted. */
export function isOwnFolder(
  { uid, mode }: { readonly uid: number; readonly mode: number },
  us: number | undefined,
): boolean {
  return us === undefined || (uid === us && (mode & 0o170022) === 0o040000);
}

/** Makes the folder. Rejects when other users may write into it, since they could plant files there. */
export async function openPrivateFolder(path: string, us: number | undefined): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  if (!isOwnFolder(await lstat(path), us))
    throw new Error(`${path} belongs to another user or is writable by others: remove it, or set TMPDIR`);
}
