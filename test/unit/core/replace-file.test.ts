import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaceFile } from '../../../src/core/replace-file.js';
import { FakeClock } from '../../support/fake-clock.js';

/** A move that fails so often, as over a file that a reader has open. */
function busy(times: number, code = 'EPERM') {
  let tries = 0;
  const move = () => {
    tries += 1;
    return tries <= times ? Promise.reject(Object.assign(new Error(code), { code })) : Promise.resolve();
  };
  return { move, tried: () => tries };
}

async function replaced(platform: NodeJS.Platform, move: () => Promise<void>): Promise<unknown> {
  const clock = new FakeClock();
  const outcome = replaceFile({ from: 'a', to: 'b', clock, platform, move }).then(
    () => 'done',
    (error: unknown) => (error as Error).message,
  );
  await clock.advance(1_000);
  return outcome;
}

it.each(['EPERM', 'EACCES', 'EBUSY'])('waits on Windows for a reader to close the file (%s)', async (code) => {
  const { move, tried } = busy(3, code);
  expect([await replaced('win32', move), tried()]).toEqual(['done', 4]);
});

it.each([
  ['win32', 'EPERM', 10],
  ['win32', 'ENOENT', 1],
  ['linux', 'EPERM', 1],
  ['darwin', 'EBUSY', 1],
] as const)('gives up on %s at %s after %i tries', async (platform, code, count) => {
  const { move, tried } = busy(Infinity, code);
  expect([await replaced(platform, move), tried()]).toEqual([code, count]);
});

it('replaces a real file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-test-'));
  const [from, to] = [join(folder, 'new'), join(folder, 'old')];
  writeFileSync(from, 'new');
  writeFileSync(to, 'old');
  await replaceFile({ from, to, clock: new FakeClock() });
  expect(readFileSync(to, 'utf8')).toBe('new');
  rmSync(folder, { recursive: true });
});
