import { describe, expect, it, vi } from 'vitest';
import { RegistryRejectedError, hasCode } from '../../../../src/core/errors.js';
import { settle } from '../../../support/fake-clock.js';
import { SimulatedRegistry } from '../../../support/simulated-registry.js';
import { threadedProcess } from '../../../support/threaded-life.js';

async function registered(process = threadedProcess(), ...how: Parameters<ReturnType<typeof threadedProcess>['life']>) {
  const life = process.life(...how);
  void life.registrar.start();
  // What is loaded on the way is loaded in real time.
  await vi.waitFor(async () => {
    await process.clock.advance(10);
    expect(life.registrar.state).toBe('registered');
  });
  return { ...process, ...life };
}

describe('a heartbeat in the worker thread', () => {
  it('gets the instance listed, and the host hears of all of it, in order', async () => {
    const { registrar, registry, events } = await registered();
    expect(registrar.status()).toMatchObject({
      state: 'registered',
      thread: 'worker',
      holder: 'simulated',
      missedInRow: 0,
    });
    expect(registry.passing).toEqual([registrar.instance?.id]);
    expect(events.all.map(({ name }) => name)).toEqual([
      'state',
      'address',
      'health',
      'state',
      'beat',
      'state',
      'registered',
    ]);
    expect(events.of('warning')).toEqual([]);
  });

  it('tells nobody of each beat when nobody listens, and still knows when the last one was', async () => {
    const { clock, registrar, events, registry } = await registered();
    events.stop();
    const off = registrar.on('beat', () => undefined);
    off();
    const before = events.of('beat').length;
    await clock.advance(30_000);
    expect(registry.requests.filter(({ verb }) => verb === 'renew').length).toBeGreaterThan(8);
    expect(events.of('beat')).toHaveLength(before);
    expect(registrar.status().lastBeatAgoMs).toBeLessThanOrEqual(3_001);
    expect(registrar.status().marginMs).toBeGreaterThanOrEqual(5_999);
  });

  it('carries the health of the moment, at once', async () => {
    const { clock, registrar, registry } = await registered();
    registrar.report('kafka', 'critical');
    await clock.advance(300);
    expect(registry.passing).toEqual([]);
    registrar.report('kafka', 'passing');
    await clock.advance(300);
    expect(registry.passing).toHaveLength(1);
  });

  it('takes an update and a maintenance', async () => {
    const { clock, registrar, registry } = await registered();
    const updated = registrar.update({ tags: ['v2'] });
    await clock.advance(100);
    await updated;
    expect([...registry.entries.values()][0]?.instance.tags).toEqual(['v2']);
    expect(registrar.instance?.tags).toEqual(['v2']);
    const out = registrar.maintenance(true, 'disks');
    await clock.advance(100);
    await out;
    expect([...registry.entries.values()][0]?.maintenance).toContain('disks');
  });

  it('rejects an update that the registry refuses, with the class and the words of the error, and the old one stays', async () => {
    const { clock, registrar, registry } = await registered(threadedProcess(), { tags: ['good'] });
    registry.failures.set('register', [new RegistryRejectedError('Invalid tag', { registry: 'simulated' })]);
    const updated = registrar.update({ tags: ['bad'] }).catch((error: unknown) => error);
    await clock.advance(4_000);
    const error = await updated;
    expect(error).toBeInstanceOf(RegistryRejectedError);
    expect(hasCode(error, 'ROLLCALL_REGISTRY_REJECTED') && error.message).toBe('Invalid tag');
    expect(registrar.instance?.tags).toEqual(['good']);
  });

  it('finds a loss and makes it good, and the host hears the cause', async () => {
    const { clock, registry, events, registrar } = await registered();
    registry.forget();
    await clock.advance(200);
    expect(events.of('lost')).toMatchObject([{ cause: 'missing', error: { code: 'ROLLCALL_REGISTRATION_LOST' } }]);
    expect(events.of('recovered')).toHaveLength(1);
    expect(registrar.state).toBe('registered');
  });

  it('fails as on the main thread where no retry can mend it', async () => {
    const process = threadedProcess();
    const { registrar, registry, events } = process.life();
    registry.failures.set('register', [new RegistryRejectedError('Invalid name', { registry: 'simulated' })]);
    const started = registrar.start().catch((error: unknown) => error);
    await vi.waitFor(async () => {
      await process.clock.advance(10);
      expect(registrar.state).toBe('failed');
    });
    expect(await started).toBeInstanceOf(RegistryRejectedError);
    expect(registrar.state).toBe('failed');
    expect(events.of('failed')).toHaveLength(1);
  });
});

describe('a stall of the main thread', () => {
  it('under the tolerance changes nothing, though it is longer than the TTL', async () => {
    const { clock, main, registry } = await registered(threadedProcess(), { heartbeat: { stallTolerance: '20s' } });
    main.stall();
    for (let look = 0; look < 199; look += 1) {
      await clock.advance(100);
      expect(registry.passing).toHaveLength(1);
    }
    main.goOn();
    await clock.advance(5_000);
    expect(registry.passing).toHaveLength(1);
  });

  it('over the tolerance is critical until it ends, which the host is told once', async () => {
    const { clock, main, registry, events } = await registered(threadedProcess(), {
      heartbeat: { stallTolerance: '2s' },
    });
    main.stall();
    await clock.advance(1_950);
    expect(registry.passing).toHaveLength(1);
    await clock.advance(200);
    expect(registry.passing).toEqual([]);
    await clock.advance(20_000);
    expect(registry.passing).toEqual([]);
    main.goOn();
    await clock.advance(100);
    expect(registry.passing).toHaveLength(1);
    expect(events.of('warning')).toEqual([
      { message: expect.stringMatching(/stalled for 22.*longer than heartbeat.stallTolerance \(2s\)/) as string },
    ]);
  });

  it('leaves a maintenance what it is', async () => {
    const { clock, main, registrar, registry } = await registered(threadedProcess(), {
      heartbeat: { stallTolerance: '1s' },
    });
    const out = registrar.maintenance(true, 'disks');
    await clock.advance(100);
    await out;
    main.stall();
    await clock.advance(30_000);
    main.goOn();
    await clock.advance(200);
    expect([...registry.entries.values()][0]).toMatchObject({
      status: 'maintenance',
      maintenance: expect.stringContaining('disks') as string,
    });
  });
});

describe('the way out', () => {
  it('halts the thread first, and nothing brings the instance back', async () => {
    const { clock, registrar, registry, threads } = await registered();
    const stopped = registrar.stop();
    await clock.advance(20_000);
    await stopped;
    expect(registrar.state).toBe('stopped');
    expect([...registry.entries.keys()]).toEqual([]);
    expect(threads).toMatchObject([{ ended: true }]);
    const { length } = registry.requests;
    await clock.advance(60_000);
    expect(registry.requests).toHaveLength(length);
  });

  it('works while the thread hangs, which is then ended', async () => {
    const { clock, registrar, registry, threads, events } = await registered();
    threads[0]?.time.stall();
    const stopped = registrar.stop();
    await clock.advance(20_000);
    await stopped;
    expect([...registry.entries.keys()]).toEqual([]);
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    expect(threads).toMatchObject([{ ended: true }]);
  });

  it('waits out a write that the halt has cut off', async () => {
    const { clock, registrar, registry } = await registered();
    registry.pause();
    registrar.report('kafka', 'critical');
    await clock.advance(300);
    const stopped = registrar.stop();
    await clock.advance(50);
    registry.resume();
    await clock.advance(500);
    // Nothing of ours is there, but what was cut off might have come back until now.
    expect([...registry.entries.keys()]).toEqual([]);
    await clock.advance(20_000);
    await stopped;
    expect([...registry.entries.keys()]).toEqual([]);
  });

  it.each(['critical', 'maintenance'] as const)(
    'leaves the entry in the registry under the policy %s',
    async (policy) => {
      const { clock, registrar, registry } = await registered(threadedProcess(), { shutdown: { policy } });
      const stopped = registrar.stop();
      await clock.advance(20_000);
      await stopped;
      const [entry] = registry.entries.values();
      expect(policy === 'critical' ? entry?.status : entry?.maintenance).toMatch(
        policy === 'critical' ? /critical/ : /rollcall: stopped/,
      );
    },
  );
});

describe('a thread that cannot be', () => {
  it('for a registry that cannot be built there: told once, and beats come from the main thread', async () => {
    const process = threadedProcess();
    const { registrar, events, threads } = await registered(process, {}, new SimulatedRegistry(process.clock));
    expect(events.of('warning')).toEqual([
      {
        message: expect.stringMatching(
          /simulated cannot be taken into a worker thread: heartbeats come from the main thread/,
        ) as string,
      },
    ]);
    expect(registrar.status().thread).toBe('main');
    expect(threads).toEqual([]);
  });

  it('for one that cannot be built there after all, the same with the reason', async () => {
    const process = threadedProcess();
    const { registrar, events } = await registered(process, {}, process.inWorker({ broken: true }));
    expect(events.of('warning')).toEqual([{ message: expect.stringMatching(/\(not in this thread\)/) as string }]);
    expect(registrar.status().thread).toBe('main');
  });

  it('for options that cannot be cloned, too', async () => {
    const process = threadedProcess();
    const { events } = await registered(process, {}, process.inWorker({ layout: () => undefined }));
    expect(events.of('warning')).toHaveLength(1);
  });

  it('because it does not start', async () => {
    const process = threadedProcess();
    process.refuse(new Error('no such file'));
    const { events, registrar } = await registered(process);
    expect(events.of('warning')).toEqual([
      { message: expect.stringMatching(/no worker thread \(no such file\)/) as string },
    ]);
    expect(registrar.status().thread).toBe('main');
  });
});

describe('a thread that dies', () => {
  it('is told once, and the main thread beats on without a gap or a second registration event', async () => {
    const { clock, registry, registrar, threads, events } = await registered();
    threads[0]?.die(new Error('out of memory'));
    for (let look = 0; look < 200; look += 1) {
      await clock.advance(100);
      expect(registry.passing).toHaveLength(1);
    }
    expect(registrar.status()).toMatchObject({ thread: 'main', state: 'registered' });
    expect(events.of('warning')).toEqual([
      { message: expect.stringMatching(/worker thread is gone \(out of memory\)/) as string },
    ]);
    expect(events.of('registered')).toHaveLength(1);
    expect(events.of('lost')).toEqual([]);
  });

  it('in an outage: the main thread makes the loss good, and says what it was', async () => {
    const { clock, registry, threads, events } = await registered();
    registry.down = true;
    registry.forget();
    await clock.advance(15_000);
    expect(events.of('lost')).toHaveLength(1);
    threads[0]?.die(new Error('gone'));
    await clock.advance(100);
    registry.down = false;
    await clock.advance(2_000);
    expect(events.of('recovered')).toMatchObject([{ cause: events.of('lost')[0]?.cause }]);
  });

  it('takes no update with it', async () => {
    const { clock, registry, registrar, threads } = await registered();
    threads[0]?.time.stall();
    const updated = registrar.update({ tags: ['v2'] });
    await settle();
    threads[0]?.die(new Error('gone'));
    await clock.advance(500);
    await updated;
    expect([...registry.entries.values()][0]?.instance.tags).toEqual(['v2']);
  });

  it('by hanging: it is ended, and the main thread takes over before the TTL runs out', async () => {
    const { clock, registry, registrar, threads } = await registered();
    threads[0]?.time.stall();
    for (let look = 0; look < 200; look += 1) {
      await clock.advance(100);
      expect(registry.passing).toHaveLength(1);
    }
    expect(threads).toMatchObject([{ ended: true }]);
    expect(registrar.status().thread).toBe('main');
  });
});

describe('two Registrars', () => {
  it('share one thread, which ends with the last of them, and a later one has another', async () => {
    const process = threadedProcess();
    const first = await registered(process);
    const second = await registered(process, {}, undefined, 3001);
    expect(process.threads).toHaveLength(1);
    const stop = async (life: typeof first) => {
      const stopped = life.registrar.stop();
      await process.clock.advance(20_000);
      await stopped;
    };
    await stop(first);
    expect(process.threads).toMatchObject([{ ended: false }]);
    expect(second.registry.passing).toHaveLength(1);
    await stop(second);
    expect(process.threads).toMatchObject([{ ended: true }]);
    await registered(process, {}, undefined, 3002);
    expect(process.threads).toMatchObject([{ ended: true }, { ended: false }]);
  });
});
