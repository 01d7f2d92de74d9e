import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { decodeLeased, encodeLeased } from '../../../../src/backends/file/file-codec.js';
import { departFrom } from '../../../../src/backends/file/file-departure.js';
import { renewed } from '../../../../src/instance/leased-instance.js';

const leased = {
  instance: { name: 'orders', id: 'orders-1', nonce: 'a', ttlMs: 10_000, tags: [], meta: {}, checks: [] },
  beat: { status: 'passing', reason: 'ok' },
} as const;

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'rollcall-departure-'));
  path = join(dir, 'orders-1.json');
  writeFileSync(path, encodeLeased(leased));
  utimesSync(path, 1_000, 1_000);
});
afterEach(() => rmSync(dir, { recursive: true }));

it('removes the file of this incarnation', () => {
  departFrom(path, 'a', () => undefined);
  expect(readdirSync(dir)).toEqual([]);
});

it('puts the file of a successor back as it was', () => {
  departFrom(path, 'another', () => undefined);
  expect(readdirSync(dir)).toEqual(['orders-1.json']);
  expect(decodeLeased(readFileSync(path, 'utf8'))).toEqual(leased);
});

it.each([
  ['a folder', () => mkdirSync(path)],
  ['a link, even to an entry of ours', () => symlinkSync(join(dir, 'other.json'), path)],
  ['a file that is far too large', () => writeFileSync(path, encodeLeased(leased) + ' '.repeat(2_000_000))],
])('does not touch %s', (_what, put) => {
  writeFileSync(join(dir, 'other.json'), encodeLeased(leased));
  rmSync(path);
  put();
  const before = lstatSync(path);
  try {
    departFrom(path, 'a', () => undefined);
  } catch (error) {
    expect(error).toMatchObject({ code: 'ELOOP' });
  }
  expect(lstatSync(path)).toMatchObject({ ino: before.ino, ctimeMs: before.ctimeMs });
  expect(readdirSync(dir)).toEqual(['orders-1.json', 'other.json']);
});

it('replaces what stays, and takes it for no heartbeat', () => {
  departFrom(path, 'a', (former) => renewed(former, { status: 'critical', reason: 'stopped' }));
  expect(readdirSync(dir)).toEqual(['orders-1.json']);
  expect(decodeLeased(readFileSync(path, 'utf8'))?.beat).toEqual({ status: 'critical', reason: 'stopped' });
  expect(statSync(path).mtimeMs).toBe(1_000_000);
});
