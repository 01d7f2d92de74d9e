import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import type * as Files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../../support/fake-clock.js';

const signal = new AbortController().signal;
const passing = { status: 'passing', reason: 'ok' } as const;
const orders = { name: 'orders', id: 'o-1', port: 1, tags: [], meta: {}, nonce: 'n1', ttlMs: 1_000, checks: [] };

/** A disk that can be filled and made read-only. */
interface Disk {
  fill(): Promise<void>;
  free(): Promise<void>;
  readOnly(on: boolean): void;
  close(): void;
}

const trouble = { code: '' };

/** Says what a disk would say, after half a write where that is how it goes. */
function pretended(): Disk {
  return {
    fill: async () => void (trouble.code = 'ENOSPC'),
    free: async () => void (trouble.code = ''),
    readOnly: (on) => void (trouble.code = on ? 'EROFS' : ''),
    close: () => void (trouble.code = ''),
  };
}

vi.mock('node:fs/promises', async (original) => {
  const files = await original<typeof Files>();
  const fail = () => {
    throw Object.assign(new Error(`${trouble.code}: write`), { code: trouble.code });
  };
  const failing =
    <A extends unknown[], R>(work: (...given: A) => R) =>
    (...given: A): R =>
      trouble.code === 'EROFS' ? fail() : work(...given);
  return {
    ...files,
    writeFile: async (path: string, text: string, options: object) => {
      if (trouble.code === 'ENOSPC') await files.writeFile(path, text.slice(0, text.length / 2), options);
      if (trouble.code !== '') fail();
      return files.writeFile(path, text, options);
    },
    rename: failing(async (from: string, to: string) => files.rename(from, to)),
    open: async (...given: Parameters<typeof files.open>) => {
      const handle = await files.open(...given);
      return new Proxy(handle, {
        get: (target, name) => {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          const bound = value.bind(target) as (...words: unknown[]) => unknown;
          return name === 'utimes' ? failing(bound) : bound;
        },
      });
    },
  };
});

/** A file system in memory; undefined where we may not mount one. */
function mounted(dir: string): Disk | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'rollcall-test', dir], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  const full = join(dir, 'full');
  return {
    fill: async () => {
      await writeFile(full, Buffer.alloc(1_000_000)).catch(() => undefined);
    },
    free: () => rm(full),
    readOnly: (on) => void execFileSync('mount', ['-o', `remount,${on ? 'ro' : 'rw'}`, dir]),
    close: () => void execFileSync('umount', [dir]),
  };
}

const dirs: string[] = [];
const freshDir = () => {
  const dir = mkdtempSync(join(tmpdir(), 'rollcall-disk-'));
  dirs.push(dir);
  return dir;
};

const probe = freshDir();
const tried = mounted(probe);
tried?.close();
rmSync(probe, { recursive: true });

const disks: [string, (dir: string) => Disk | undefined][] = [
  ['that says so', pretended],
  ...(tried === undefined ? [] : [['that is small', mounted] satisfies [string, unknown]]),
];

describe.each(disks)('a disk %s', (_, make) => {
  let dir: string;
  let disk: Disk;
  beforeEach(() => {
    dir = freshDir();
    disk = make(dir)!;
  });
  afterEach(() => {
    disk.close();
    rmSync(dir, { recursive: true });
  });

  const open = async (clock: FakeClock) =>
    new (await import('../../../../src/backends/file/file-registry.js')).FileRegistry({ dir }, clock);

  it('when it is full keeps the entry that was there, whole, and takes a beat that says nothing new', async () => {
    const clock = new FakeClock();
    const registry = await open(clock);
    const registration = await registry.register(orders, passing, signal);
    await registration.renew(passing, signal);
    await disk.fill();
    const unavailable = {
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/ENOSPC/) as string,
    };
    // Not serving cannot wait: without beats the entry expires. A warning can.
    await expect(registration.renew({ status: 'critical', reason: 'broken' }, signal)).rejects.toMatchObject(
      unavailable,
    );
    await registration.renew({ status: 'warning', reason: 'slow' }, signal);
    await expect(registry.register({ ...orders, id: 'o-2' }, passing, signal)).rejects.toMatchObject(unavailable);
    await clock.advance(900);
    await registration.renew(passing, signal);
    await clock.advance(900);
    expect((await registry.discovery?.poll('orders', undefined, signal))?.instances).toMatchObject([
      { id: 'o-1', status: 'passing' },
    ]);
    expect(await readdir(join(dir, 'orders'))).toEqual(['o-1.json']);
    await disk.free();
    await registration.renew({ status: 'warning', reason: 'slow' }, signal);
    expect(await registry.read(orders, signal)).toMatchObject({ status: 'warning' });
  });

  it('when it may only be read refuses every write, and still answers readers', async () => {
    const registry = await open(new FakeClock());
    const registration = await registry.register(orders, passing, signal);
    await registration.renew(passing, signal);
    disk.readOnly(true);
    const denied = {
      code: 'ROLLCALL_REGISTRY_DENIED',
      message: expect.stringMatching(/EROFS.*Give file\(\{ dir \}\)/) as string,
    };
    await expect(registration.renew(passing, signal)).rejects.toMatchObject(denied);
    await expect(registry.register(orders, passing, signal)).rejects.toMatchObject(denied);
    await expect(registration.deregister(signal)).rejects.toMatchObject(denied);
    expect((await registry.discovery?.poll('orders', undefined, signal))?.instances).toMatchObject([
      { id: 'o-1', status: 'passing' },
    ]);
    disk.readOnly(false);
    await registration.deregister(signal);
    expect(await registry.read(orders, signal)).toBeUndefined();
  });
});
