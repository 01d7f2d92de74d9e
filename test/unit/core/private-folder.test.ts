import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isOwnFolder, openPrivateFolder, ownUid, privateFolder } from '../../../src/core/private-folder.js';

it.each([
  ['ours', { uid: 1_000, mode: 0o040700 }, 1_000, true],
  ["another user's", { uid: 1_001, mode: 0o040700 }, 1_000, false],
  ['writable by the group', { uid: 1_000, mode: 0o040720 }, 1_000, false],
  ['a link', { uid: 1_000, mode: 0o120777 }, 1_000, false],
  ['on a system without user ids', { uid: 0, mode: 0o040777 }, undefined, true],
])('judges a folder that is %s', (_what, stats, us, isOwn) => {
  expect(isOwnFolder(stats, us)).toBe(isOwn);
});

it('lies in the temporary directory and has a name for each user', () => {
  expect(privateFolder('stops')).toMatch(/rollcall-stops--?\d+$/);
});

if (ownUid() !== undefined)
  it('is made, and refused when others may write to it', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'rollcall-test-'));
    const folder = join(parent, 'a', 'b');
    await openPrivateFolder(folder, ownUid());
    await openPrivateFolder(folder, ownUid());
    chmodSync(folder, 0o770);
    await expect(openPrivateFolder(folder, ownUid())).rejects.toThrow(
      'is writable by others: remove it, or set TMPDIR',
    );
    rmSync(parent, { recursive: true });
  });
