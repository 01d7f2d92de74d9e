import { describe, expect, it } from 'vitest';
import { phases, phasesToLeave, stepsToDeregister } from '../../../src/shutdown/phases.js';
import type { Step } from '../../../src/shutdown/phases.js';
import type { StopWork } from '../../../src/shutdown/stop-work.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

/** Stands in for the work: notes what is called. */
function recordingWork() {
  const calls: string[] = [];
  const note = (name: string) => (argument?: string) => {
    calls.push(argument === undefined ? name : `${name} '${argument}'`);
    return Promise.resolve([]);
  };
  const work = {
    runHooks: note('hooks'),
    deregister: note('deregister'),
    drain: note('drain'),
    closeServer: note('close server'),
    closeHealthServer: note('close health server'),
    closeRegistry: note('close registry'),
    drainWaitsFor: 'the traffic to go',
    openTraffic: '2 requests in flight',
  };
  const callsOf = async (steps: readonly Step[]) => {
    calls.length = 0;
    for (const step of steps) await step(work as unknown as StopWork);
    return [...calls];
  };
  return { work: work as unknown as StopWork, callsOf };
}

async function running(): Promise<SimulatedLife> {
  const life = simulatedLife({ id: 'orders-1' });
  void life.registrar.start();
  await life.clock.advance(1_000);
  return life;
}

describe('the phases of a stop', () => {
  it('each say what they run and what they wait for, in order', async () => {
    const { work, callsOf } = recordingWork();
    const table: unknown[] = [];
    for (const { name, steps, waitsFor } of phases) table.push([name, await callsOf(steps), waitsFor(work)]);
    expect(table).toEqual([
      ['hooks before deregister', ["hooks 'before deregister'"], "the hooks 'before deregister'"],
      ['deregister and drain', ['deregister', 'drain'], 'the traffic to go'],
      ['hooks after drain', ["hooks 'after drain'"], "the hooks 'after drain'"],
      ['close the server', ['close server'], '2 requests in flight'],
      [
        'health server and hooks after close',
        ['close health server', "hooks 'after close'"],
        "the hooks 'after close'",
      ],
      ['let go of the registry', ['close registry'], 'the registry to let go'],
    ]);
  });

  it('begin with the steps of deregister(), and with the phases of leave()', async () => {
    expect(await recordingWork().callsOf(stepsToDeregister)).toEqual(["hooks 'before deregister'", 'deregister']);
    const steps = phasesToLeave.flatMap((phase) => phase.steps);
    expect(await recordingWork().callsOf(steps)).toEqual(["hooks 'before deregister'", 'deregister', 'drain']);
    expect(stepsToDeregister.map((step) => steps.indexOf(step))).toEqual([0, 1]);
    expect(phasesToLeave).toEqual(phases.slice(0, 2));
  });
});

describe('leave() and stop()', () => {
  it('say what is waited for while leave() runs alone, and nothing afterwards', async () => {
    const { clock, registry, registrar } = await running();
    let release = () => {};
    registrar.onStop('before deregister', 'held', () => new Promise<void>((resolve) => (release = resolve)));
    void registrar.leave();
    await clock.advance(10);
    expect(registrar.status().waitingFor).toBe("the hooks 'before deregister'");
    registry.pause();
    release();
    await clock.advance(100);
    expect(registrar.status().waitingFor).toBe('the registry to show that it is out');
    registry.resume();
    await clock.advance(1_000);
    expect(registrar.status().waitingFor).toMatch(/^the end of shutdown.drain.min/);
    await clock.advance(2_000);
    expect([registrar.status().waitingFor, registry.entries.size, registrar.state]).toEqual([undefined, 0, 'draining']);
  });

  it('resolve one after the other: deregistered, without traffic, closed', async () => {
    const { clock, registrar, registry } = await running();
    const order: string[] = [];
    void registrar.deregister().then(() => order.push(`deregistered, ${registry.entries.size} entries`));
    void registrar.leave().then(() => order.push('without traffic'));
    await clock.advance(1_000);
    expect(order).toEqual(['deregistered, 0 entries']);
    await clock.advance(2_000);
    expect(order).toEqual(['deregistered, 0 entries', 'without traffic']);
    // Serves on until told to stop, and then has nothing left to wait for.
    await clock.advance(60_000);
    expect(registrar.state).toBe('draining');
    void registrar.stop().then(() => order.push('closed'));
    await clock.advance(10);
    expect(order.at(-1)).toBe('closed');
    expect([clock.pending, clock.holds]).toEqual([0, 0]);
  });

  it('join each other, whichever comes first and however often', async () => {
    for (const order of [
      ['leave', 'stop'],
      ['stop', 'leave'],
      ['leave', 'leave', 'stop', 'stop'],
    ] as const) {
      const { clock, registrar, told, registry } = await running();
      let hooks = 0;
      registrar.onStop('before deregister', 'counted', () => clock.sleep(500).then(() => (hooks += 1)));
      const ended: Promise<void>[] = [];
      for (const verb of order) {
        ended.push(registrar[verb]());
        await clock.advance(100);
      }
      await clock.advance(10_000);
      await Promise.all(ended);
      const deregisters = registry.requests.filter(({ verb }) => verb === 'remove').length;
      expect([hooks, deregisters]).toEqual([1, 1]);
      expect([told('draining').length, told('deregistered').length, told('stopped').length]).toEqual([1, 1, 1]);
      expect([clock.pending, clock.holds]).toEqual([0, 0]);
    }
  });

  it('take the call of a listener, or of a hook, for a call that joins', async () => {
    const { clock, registrar, told } = await running();
    registrar.on('draining', () => void registrar.stop());
    registrar.onStop('before deregister', 'eager', () => void registrar.stop());
    const stopped = registrar.stop();
    await clock.advance(10_000);
    await stopped;
    expect([told('draining').length, told('stopped').length]).toEqual([1, 1]);
    expect([clock.pending, clock.holds]).toEqual([0, 0]);
  });

  it('counts the time that deregistering took from leave(), or from the end of the hooks of stop()', async () => {
    const tookMs: number[] = [];
    for (const verb of ['stop', 'leave'] as const) {
      const { clock, registrar, told } = await running();
      registrar.onStop('before deregister', 'slow', () => clock.sleep(500));
      void registrar[verb]();
      await clock.advance(10_000);
      tookMs.push(told('deregistered')[0]?.tookMs ?? NaN);
    }
    const [fromStep = NaN, fromCall = NaN] = tookMs;
    expect(fromCall - fromStep).toBe(500);
  });
});
