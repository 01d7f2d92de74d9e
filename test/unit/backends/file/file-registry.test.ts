import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeName } from '../../../../src/backends/file/file-codec.js';
import { resolveFileOptions } from '../../../../src/backends/file/file-options.js';
import { file, FileRegistry } from '../../../../src/backends/file/file-registry.js';
import type { Clock } from '../../../../src/core/clock.js';
import { ConfigError } from '../../../../src/core/errors.js';
import type { ServiceInstance } from '../../../../src/contracts/service-instance.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { isPosix, ownModes } from '../../../support/posix.js';

const signal = new AbortController().signal;
const passing = { status: 'passing', reason: 'ok' } as const;
const orders: ServiceInstance = {
  name: 'orders',
  id: 'o-1',
  port: 1,
  tags: [],
  meta: {},
  nonce: 'n1',
  ttlMs: 1_000,
  checks: [],
  deregisterCriticalAfterMs: 60_000,
};

/** Its methods without their object, to be laid over. */
const bound = (clock: FakeClock): Clock => ({
  now: () => clock.now(),
  wallTime: () => clock.wallTime(),
  after: (ms, run) => clock.after(ms, run),
  sleep: (ms, abort) => clock.sleep(ms, abort),
  hold: () => clock.hold(),
});

describe('the file registry', () => {
  let dir: string;
  let clock: FakeClock;
  beforeEach(async () => {
    dir = join(await mkdtemp(join(tmpdir(), 'rollcall-unit-')), 'made', 'by us');
    clock = new FakeClock();
  });
  afterEach(() => rm(join(dir, '..', '..'), { recursive: true }));

  const path = () => join(dir, 'orders', 'o-1.json');

  it('writes one readable file an instance, for our eyes only', async () => {
    await new FileRegistry({ dir }, clock).register(orders, passing, signal);
    expect(JSON.parse(await readFile(path(), 'utf8'))).toMatchObject({
      instance: orders,
      beat: { status: 'critical' },
    });
    expect((await stat(path())).mode & 0o777).toBe(ownModes.file);
    expect((await stat(dir)).mode & 0o777).toBe(ownModes.folder);
    expect(await readdir(join(dir, 'orders'))).toEqual(['o-1.json']);
  });

  it('only touches the file on a beat that says nothing new', async () => {
    const registration = await new FileRegistry({ dir }, clock).register(orders, passing, signal);
    await registration.renew(passing, signal);
    const { ino } = await stat(path());
    await clock.advance(500);
    await registration.renew(passing, signal);
    const after = await stat(path());
    expect(after.ino).toBe(ino);
    expect(after.mtimeMs).toBeCloseTo(clock.wallTime(), 0);
    await registration.renew({ status: 'warning', reason: 'slow' }, signal);
    expect((await stat(path())).ino).not.toBe(ino);
  });

  it('is seen by another process that shares the directory, and with another clock', async () => {
    const registration = await new FileRegistry({ dir }, clock).register(orders, passing, signal);
    await registration.renew(passing, signal);
    const seen = await new FileRegistry({ dir }, clock).discovery?.poll('orders', undefined, signal);
    expect(seen?.instances).toMatchObject([{ id: 'o-1', status: 'passing', nonce: 'n1' }]);
    const backwards = new FakeClock();
    await clock.advance(10_000);
    await registration.renew(passing, signal);
    expect(
      (await new FileRegistry({ dir }, backwards).discovery?.poll('orders', undefined, signal))?.instances,
    ).toEqual([]);
  });

  it('tells another process that a service had instances, all of which have gone', async () => {
    const seenBy = () => new FileRegistry({ dir }, clock).discovery?.poll('orders', undefined, signal);
    expect(await seenBy()).toEqual({ instances: [] });
    const registration = await new FileRegistry({ dir }, clock).register(orders, passing, signal);
    await registration.deregister(signal);
    expect(await seenBy()).toEqual({ instances: [], hadInstances: true });
  });

  it('ignores what is not an entry', async () => {
    await mkdir(join(dir, 'orders'), { recursive: true });
    await writeFile(path(), '{"instance":{"id":"half of');
    await writeFile(join(dir, 'orders', 'note.json'), '[]');
    const registry = new FileRegistry({ dir }, clock);
    expect(await registry.read(orders, signal)).toBeUndefined();
    expect((await registry.discovery?.poll('orders', undefined, signal))?.instances).toEqual([]);
    await registry.register(orders, passing, signal);
    expect(await registry.read(orders, signal)).toBeDefined();
  });

  it('removes what a dead sibling left behind, once its time to stay critical is over', async () => {
    const registry = new FileRegistry({ dir }, clock);
    await registry.register(orders, passing, signal);
    const { deregisterCriticalAfterMs: _never, ...forever } = { ...orders, id: 'forever' };
    await registry.register(forever, passing, signal);
    await clock.advance(60_500);
    await registry.register({ ...orders, id: 'o-2' }, passing, signal);
    expect(await registry.read(orders, signal)).toBeDefined();
    await clock.advance(1_000);
    await registry.register({ ...orders, id: 'o-2' }, passing, signal);
    expect(await registry.read(orders, signal)).toBeUndefined();
    expect(await registry.read({ name: 'orders', id: 'forever' }, signal)).toBeDefined();
  });

  it('leaves no trace of a registration that was aborted while it was written', async () => {
    const controller = new AbortController();
    const registering = new FileRegistry({ dir }, clock).register(orders, passing, controller.signal);
    controller.abort(new Error('too late'));
    await expect(registering).rejects.toThrow('too late');
    expect(await readdir(dir, { recursive: true }).catch(() => [])).not.toContain(join('orders', 'o-1.json'));
  });

  it('lets a late goodbye of a former incarnation take nothing from its successor, however the two meet', async () => {
    for (let round = 0; round < 100; round += 1) {
      const former = await new FileRegistry({ dir }, clock).register(orders, passing, signal);
      const successor = { ...orders, nonce: 'n2' };
      await Promise.all([
        former.deregister(signal),
        new FileRegistry({ dir }, clock).register(successor, passing, signal),
        new FileRegistry({ dir }, clock).remove({ ...orders, nonce: 'n0' }, signal),
      ]);
      expect((await new FileRegistry({ dir }, clock).read(orders, signal))?.instance.nonce).toBe('n2');
    }
    expect(await readdir(join(dir, 'orders'))).toEqual(['o-1.json']);
  });

  it('beats for nobody else, and writes over nobody else', async () => {
    const registry = new FileRegistry({ dir }, clock);
    const former = await registry.register(orders, passing, signal);
    await former.renew(passing, signal);
    const successor = await registry.register({ ...orders, nonce: 'n2' }, passing, signal);
    const { mtimeMs } = await stat(path());
    await clock.advance(500);
    for (const report of [passing, { status: 'warning', reason: 'slow' } as const])
      await expect(former.renew(report, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
    expect((await stat(path())).mtimeMs).toBe(mtimeMs);
    await successor.renew(passing, signal);
    expect(await registry.read(orders, signal)).toMatchObject({ status: 'passing', instance: { nonce: 'n2' } });
  });

  it('never reads half an entry while others write it, and sweeps what a killed writer has left', async () => {
    const registry = new FileRegistry({ dir }, clock);
    const registration = await registry.register(orders, passing, signal);
    await registration.renew(passing, signal);
    const half = `${path()}.11111111-draft`;
    await writeFile(half, '{"instance":{"name":"orders","id":"o-1');
    expect((await registry.discovery?.poll('orders', undefined, signal))?.instances).toHaveLength(1);
    const writing = (async () => {
      for (let beat = 0; beat < 50; beat += 1)
        await registration.renew({ status: 'passing', reason: `beat ${beat}` }, signal);
    })();
    let over = false;
    void writing.finally(() => (over = true));
    while (!over)
      expect(
        (await new FileRegistry({ dir }, clock).discovery?.poll('orders', undefined, signal))?.instances,
      ).toMatchObject([{ status: 'passing' }]);
    await writing;
    // Whatever the wall clock says, the file system's own says that it is not old yet: it may be in use.
    await registry.register({ ...orders, id: 'o-2' }, passing, signal);
    expect((await readdir(join(dir, 'orders'))).sort()).toEqual(['o-1.json', basename(half), 'o-2.json']);
    await writeFile(join(dir, 'orders', 'notes.txt'), 'of another program');
    await mkdir(`${path()}.folder`);
    await new FileRegistry({ dir }, clock, 0).register({ ...orders, id: 'o-2' }, passing, signal);
    expect((await readdir(join(dir, 'orders'))).sort()).toEqual([
      'notes.txt',
      'o-1.json',
      'o-1.json.folder',
      'o-2.json',
    ]);
  });

  it('believes no entry under a name that is not its own, and removes none for its sake', async () => {
    const registry = new FileRegistry({ dir }, clock);
    await registry.register(orders, passing, signal);
    const forged = { instance: { ...orders, ttlMs: 1, deregisterCriticalAfterMs: 0 }, beat: passing };
    await writeFile(join(dir, 'orders', 'forged.json'), JSON.stringify(forged));
    await registry.register({ ...orders, id: 'o-2' }, passing, signal);
    const listed = await registry.discovery?.poll('orders', undefined, signal);
    expect(listed?.instances.map(({ id }) => id)).toEqual(['o-1', 'o-2']);
  });

  it('loses nobody whom it has seen when the clock is set, forward or back', async () => {
    const set = { ms: 0 };
    const wall: Clock = { ...bound(clock), wallTime: () => clock.wallTime() + set.ms };
    const registration = await new FileRegistry({ dir }, wall).register(orders, passing, signal);
    await registration.renew(passing, signal);
    const reader = new FileRegistry({ dir }, wall);
    const seen = async () => (await reader.discovery?.poll('orders', undefined, signal))?.instances.length;
    expect(await seen()).toBe(1);
    for (const ms of [3_600_000, -3_600_000]) {
      set.ms = ms;
      await clock.advance(400);
      expect(await seen()).toBe(1);
      await registration.renew(passing, signal);
      expect(await seen()).toBe(1);
    }
    await clock.advance(1_100);
    expect(await seen()).toBe(0);
  });

  if (isPosix) {
    it('follows no link and waits for no pipe that somebody has put into a shared directory', async () => {
      const registry = new FileRegistry({ dir }, clock);
      await registry.register({ ...orders, id: 'o-2' }, passing, signal);
      await symlink(join(dir, 'orders', 'o-2.json'), path());
      execFileSync('mkfifo', [join(dir, 'orders', 'pipe.json')]);
      expect((await registry.discovery?.poll('orders', undefined, signal))?.instances.map(({ id }) => id)).toEqual([
        'o-2',
      ]);
      expect(await registry.read(orders, signal)).toBeUndefined();
      await registry.register(orders, passing, signal);
      expect(await registry.read(orders, signal)).toBeDefined();
    });

    it('believes nothing in the default directory unless that is ours alone', async () => {
      const before = process.env['TMPDIR'];
      process.env['TMPDIR'] = join(dir, '..');
      try {
        const ours = join(dir, '..', `rollcall-${userInfo().uid}`);
        await new FileRegistry({ dir }, clock).register(orders, passing, signal);
        await symlink(dir, ours);
        const registry = new FileRegistry({}, clock);
        const denied = { code: 'ROLLCALL_REGISTRY_DENIED', message: expect.stringContaining(ours) as string };
        await expect(registry.register(orders, passing, signal)).rejects.toMatchObject(denied);
        await expect(registry.read(orders, signal)).rejects.toMatchObject(denied);
        await expect(registry.discovery?.poll('orders', undefined, signal)).rejects.toMatchObject(denied);
        await rm(ours);
        await mkdir(ours, { mode: 0o777 });
        await chmod(ours, 0o777);
        await expect(registry.read(orders, signal)).rejects.toMatchObject(denied);
        await chmod(ours, 0o700);
        expect(await registry.read(orders, signal)).toBeUndefined();
        await registry.register(orders, passing, signal);
        expect(await registry.read(orders, signal)).toBeDefined();
      } finally {
        if (before === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = before;
      }
    });
  }

  it('says what is wrong with a directory it cannot use', async () => {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'orders'), 'in the way');
    await expect(new FileRegistry({ dir }, clock).register(orders, passing, signal)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining(dir) as string,
    });
  });

  it('refuses options that cannot work, and says where it writes by default', () => {
    for (const bad of ['', 7, 'a\0b']) expect(() => file({ dir: bad as string })).toThrow(ConfigError);
    expect(resolveFileOptions({})).toEqual({ dir: join(tmpdir(), `rollcall-${userInfo().uid}`), mustBeOurs: true });
  });
});

describe('a file name', () => {
  it.each([
    ['orders-10.0.0.1-80', 'orders-10.0.0.1-80'],
    ['..', '%2e.'],
    ['.hidden', '%2ehidden'],
    ['a/b', 'a%2fb'],
    ['Orders', '%4frders'],
    ['ä', '%c3%a4'],
    ['%2f', '%252f'],
    ['', '%'],
  ])('of %j is %j', (text, name) => {
    expect(encodeName(text)).toBe(name);
  });

  it('of a long text is short, and differs from that of another long text', () => {
    const [a, b] = [encodeName(`${'x'.repeat(300)}a`), encodeName(`${'x'.repeat(300)}b`)];
    expect(a.length).toBeLessThan(100);
    expect(a).not.toBe(b);
  });
});
