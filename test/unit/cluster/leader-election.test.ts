import { readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from 'rollcall';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LeaderElection } from '../../../src/cluster/leader-election.js';
import { LockFile } from '../../../src/cluster/lock-file.js';
import type { HealthReport } from '../../../src/contracts/health-report.js';
import { keyOf } from '../../../src/contracts/service-instance.js';
import type { ServiceInstance } from '../../../src/contracts/service-instance.js';
import { FakeClock } from '../../support/fake-clock.js';
import { isPosix } from '../../support/posix.js';

const { signal } = new AbortController();
const ok: HealthReport = { status: 'passing', reason: 'ok' };
const bad: HealthReport = { status: 'critical', reason: 'critical: db failed' };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'elected-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Workers on one clock and one registry; a number each for its process. */
function workers() {
  const clock = new FakeClock();
  const registry = memory({ clock });
  const dead = new Set<number>();
  const join_ = async (pid: number) => {
    const leaderElection = new LeaderElection({
      registry,
      clock,
      ttlMs: 3_000,
      pid,
      isRunning: (other) => !dead.has(other),
      folder,
    });
    const instance: ServiceInstance = {
      name: 'orders',
      id: 'orders-1',
      port: 80,
      tags: [],
      meta: {},
      nonce: `nonce-${String(pid)}`,
      ttlMs: 3_000,
      checks: [],
    };
    const seen = await leaderElection.read(keyOf(instance), signal);
    const registration = await leaderElection.register(instance, ok, signal);
    const renewal = await registration.renew(ok, signal);
    return { leaderElection, key: keyOf(instance), seen, registration, renewal };
  };
  const entry = () => registry.read({ name: 'orders', id: 'orders-1' }, signal);
  return { clock, registry, dead, join: join_, entry };
}

describe('workers among themselves', () => {
  it('have one of them hold the entry, and the others stand by and look often', async () => {
    const { join: enter, entry } = workers();
    const first = await enter(1);
    const second = await enter(2);
    expect((await entry())?.instance.nonce).toBe('nonce-1');
    expect([first.registration.holder(), second.registration.holder()]).toEqual(['memory', 'another worker']);
    expect([first.renewal.nextBeatInMs, second.renewal.nextBeatInMs]).toEqual([undefined, 500]);
    // The entry of the other is neither a past self nor a rival.
    expect(second.seen).toBeUndefined();
    expect((await second.leaderElection.read(second.key, signal))?.instance.nonce).toBe('nonce-2');
  });

  it('hand over when the holder leaves: the entry is written over and passes all the time', async () => {
    const { join: enter, entry } = workers();
    const first = await enter(1);
    const second = await enter(2);
    await first.registration.deregister(signal);
    expect(first.leaderElection.handedOver).toBe(true);
    expect(await first.leaderElection.read(first.key, signal)).toMatchObject({
      status: 'passing',
      instance: { nonce: 'nonce-1' },
    });
    await second.registration.renew(ok, signal);
    expect(await entry()).toMatchObject({ status: 'passing', instance: { nonce: 'nonce-2' } });
    // Seen by the one that leaves as somebody else's: it has left.
    await first.registration.deregister(signal);
    expect((await first.leaderElection.read(first.key, signal))?.instance.nonce).toBe('nonce-2');
  });

  it('remove the entry with the last of them', async () => {
    const { join: enter, entry } = workers();
    const first = await enter(1);
    const second = await enter(2);
    await second.registration.deregister(signal);
    expect(second.leaderElection.handedOver).toBe(true);
    expect(await second.leaderElection.read(second.key, signal)).toBeUndefined();
    await first.registration.deregister(signal);
    expect(first.leaderElection.handedOver).toBe(false);
    expect(await entry()).toBeUndefined();
  });

  it('follow a holder that was killed at the next look, and one that is still for too long before its entry runs out', async () => {
    const { clock, dead, join: enter, entry } = workers();
    const first = await enter(1);
    const second = await enter(2);
    await clock.advance(1_900);
    await second.registration.renew(ok, signal);
    expect((await entry())?.instance.nonce).toBe('nonce-1');
    await clock.advance(200);
    await second.registration.renew(ok, signal);
    expect(await entry()).toMatchObject({ status: 'passing', instance: { nonce: 'nonce-2' } });
    // It wakes up, and does not fight for it.
    expect((await first.registration.renew(ok, signal)).nextBeatInMs).toBe(500);
    expect((await entry())?.instance.nonce).toBe('nonce-2');
    dead.add(2);
    await first.registration.renew(ok, signal);
    expect((await entry())?.instance.nonce).toBe('nonce-1');
  });

  it('are as fit as the fittest', async () => {
    const { join: enter, entry } = workers();
    const first = await enter(1);
    const second = await enter(2);
    await first.registration.renew(bad, signal);
    expect(await entry()).toMatchObject({ status: 'passing', checks: [{ output: '1 of 2 workers are fit' }] });
    await second.registration.renew(bad, signal);
    await first.registration.renew(bad, signal);
    expect(await entry()).toMatchObject({ status: 'critical', checks: [{ output: bad.reason }] });
  });

  it('see what a former life of theirs has left, when nobody else is there', async () => {
    const { registry, join: enter } = workers();
    await registry.register(
      { name: 'orders', id: 'orders-1', port: 80, tags: [], meta: {}, nonce: 'past', ttlMs: 3_000, checks: [] },
      ok,
      signal,
    );
    expect((await enter(1)).seen?.instance.nonce).toBe('past');
  });
});

describe('the folder that workers share', () => {
  const top = () => readdirSync(folder).map((name) => join(folder, name));

  it.each([
    ['all of it', () => rm(folder, { recursive: true })],
    ['what is in it', () => Promise.all(top().map((path) => rm(path, { recursive: true })))],
    [
      'every file in it',
      () =>
        Promise.all(
          top()
            .flatMap(filesIn)
            .map((path) => rm(path)),
        ),
    ],
  ])('is made again when %s is removed, and no beat is lost', async (_what, remove) => {
    const { clock, join: enter, entry } = workers();
    const first = await enter(1);
    const second = await enter(2);
    for (let round = 0; round < 3; round += 1) {
      await remove();
      for (const { registration } of round % 2 === 0 ? [second, first] : [first, second])
        await registration.renew(ok, signal);
      await clock.advance(1_000);
      expect(await entry()).toMatchObject({ status: 'passing' });
    }
    const holders = [first, second].map(({ registration }) => registration.holder());
    expect(holders.sort()).toEqual(['another worker', 'memory']);
    await first.registration.deregister(signal);
    await second.registration.renew(ok, signal);
    expect(await entry()).toMatchObject({ status: 'passing', instance: { nonce: 'nonce-2' } });
  });

  const openToOthers: [string, () => Promise<unknown>] = [
    'a folder that others may write to',
    async () => {
      await mkdir(folder);
      await chmod(folder, 0o777);
    },
  ];
  const foreign: [string, () => Promise<unknown>][] = [
    ['a link', async () => symlink(await mkdtemp(join(tmpdir(), 'elsewhere-')), folder)],
    ['a link to nothing', () => symlink(join(tmpdir(), 'nothing-there'), folder)],
    ['a file', () => writeFile(folder, '')],
    ...(isPosix ? [openToOthers] : []),
  ];
  it.each(foreign)('is refused with the way out when it is %s', async (_what, make) => {
    const { join: enter } = workers();
    await rm(folder, { recursive: true });
    await make();
    await expect(enter(1)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringMatching(`in ${folder} who holds the entry .*: remove it, or set TMPDIR`) as string,
    });
  });

  it('is refused with the way out when something else has the name of the lock', async () => {
    const { join: enter } = workers();
    const first = await enter(1);
    const [inner = ''] = top();
    await rm(join(inner, 'holder'));
    await mkdir(join(inner, 'holder'));
    await expect(first.registration.renew(ok, signal)).rejects.toThrow(`${join(inner, 'holder')} who holds the entry`);
    await rm(join(inner, 'holder'), { recursive: true });
    await first.registration.renew(ok, signal);
  });

  it('counts a worker as fit whose file is no report', async () => {
    const { clock, join: enter, entry } = workers();
    const first = await enter(1);
    await enter(2);
    const [inner = ''] = top();
    const at = clock.wallTime() / 1_000;
    for (const text of ['2 null', '2 {"status":7}', '2', '2 [', '2 {"status":"critical"}']) {
      await writeFile(join(inner, '2.worker'), text);
      await utimes(join(inner, '2.worker'), at, at);
      await first.registration.renew(bad, signal);
      expect(await entry()).toMatchObject({ status: 'passing', checks: [{ output: '1 of 2 workers are fit' }] });
    }
  });
});

function filesIn(path: string): string[] {
  return readdirSync(path).map((name) => join(path, name));
}

describe('the lock file', () => {
  it('goes to one of many that find its maker dead at the same time', async () => {
    const clock = new FakeClock();
    const path = join(folder, 'holder');
    for (let round = 0; round < 20; round += 1) {
      await writeFile(path, 'dead');
      const locks = Array.from(
        { length: 8 },
        (_, i) => new LockFile(path, `worker ${String(i)}`, clock, ({ who }) => who === 'dead'),
      );
      await Promise.all(locks.map((lock) => lock.take()));
      const ours = await Promise.all(locks.map((lock) => lock.isOurs()));
      expect(ours.filter(Boolean)).toHaveLength(1);
      await locks[ours.indexOf(true)]!.release();
      await expect(stat(path)).rejects.toThrow('ENOENT');
    }
  });

  it('is released by nobody but its maker', async () => {
    const [one, other] = [1, 2].map(
      (i) => new LockFile(join(folder, 'holder'), `worker ${String(i)}`, new FakeClock(), () => false),
    );
    expect([await one!.take(), await other!.take()]).toEqual([true, false]);
    await other!.release();
    expect([await one!.isOurs(), await one!.take()]).toEqual([true, true]);
  });
});
