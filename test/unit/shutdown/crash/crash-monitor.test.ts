import { Registrar } from 'rollcall';
import { describe, expect, it } from 'vitest';
import { CrashMonitor } from '../../../../src/shutdown/crash/crash-monitor.js';
import type { CrashingProcess } from '../../../../src/shutdown/crash/crash-monitor.js';
import type { CrashRemoval } from '../../../../src/shutdown/crash/crash-thread.js';

const registry = { module: 'file:///registry.js', options: {} };
const removal = (id: string): CrashRemoval => ({ registry, key: { name: 'orders', id, nonce: 'a' } });

/** A process that crashes when the test says so. */
function crashing({ fails = false } = {}) {
  let onCrash: (() => void) | undefined;
  let catchers = 0;
  let captures = false;
  const process: CrashingProcess = {
    on: (_event, listener) => (onCrash = listener),
    removeListener: () => (onCrash = undefined),
    listenerCount: () => catchers,
    hasUncaughtExceptionCaptureCallback: () => captures,
  };
  const said: { ids: string[]; withinMs: number }[] = [];
  let ended = 0;
  const thread = {
    prepare: () => (fails ? Promise.reject(new Error('no thread')) : Promise.resolve()),
    say: (removals: readonly CrashRemoval[], withinMs: number) =>
      said.push({ ids: removals.map(({ key }) => key.id), withinMs }),
    end: () => (ended += 1),
  };
  let starts = 0;
  const crashMonitor = new CrashMonitor(process, () => {
    starts += 1;
    return Promise.resolve(thread);
  });
  return {
    crashMonitor,
    said,
    crash: () => onCrash?.(),
    catches: () => (catchers = 1),
    captures: () => (captures = true),
    listens: () => onCrash !== undefined,
    starts: () => starts,
    ended: () => ended,
  };
}

describe('a crash', () => {
  it('has all that are registered say goodbye by one thread, within a second', async () => {
    const { crashMonitor, said, crash, starts } = crashing();
    await crashMonitor.subscribe(registry, () => removal('one'));
    await crashMonitor.subscribe(registry, () => undefined);
    await crashMonitor.subscribe(registry, () => removal('two'));
    crash();
    expect(said).toEqual([{ ids: ['one', 'two'], withinMs: 1_000 }]);
    expect(starts()).toBe(1);
  });

  it.each(['catches', 'captures'] as const)('that the host %s is none', async (does) => {
    const { crashMonitor, said, crash, ...host } = crashing();
    await crashMonitor.subscribe(registry, () => removal('one'));
    host[does]();
    crash();
    expect(said).toEqual([]);
  });

  it('is no matter of ours any more once the last has stopped', async () => {
    const { crashMonitor, listens, ended } = crashing();
    const ends = [
      await crashMonitor.subscribe(registry, () => removal('one')),
      await crashMonitor.subscribe(registry, () => removal('two')),
    ];
    ends[0]!();
    expect([listens(), ended()]).toEqual([true, 0]);
    ends[1]!();
    expect([listens(), ended()]).toEqual([false, 1]);
  });

  it('is left alone where no thread can be had, and whoever asked is told', async () => {
    const { crashMonitor, listens } = crashing({ fails: true });
    await expect(crashMonitor.subscribe(registry, () => removal('one'))).rejects.toThrow('no thread');
    expect(listens()).toBe(false);
  });
});

it('cannot be wanted together with a policy that leaves the entry there', () => {
  expect(() => new Registrar({ name: 'orders', logger: false, shutdown: { crash: true, policy: 'leave' } })).toThrow(
    "shutdown.crash: got true; false under shutdown.policy 'leave'",
  );
});
