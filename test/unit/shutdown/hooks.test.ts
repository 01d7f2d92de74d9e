import { describe, expect, it } from 'vitest';
import { hookPoints } from '../../../src/shutdown/hooks.js';
import { simulatedLife } from '../../support/simulated-life.js';
import type { SimulatedLife } from '../../support/simulated-life.js';

async function running(): Promise<SimulatedLife> {
  const life = simulatedLife({ id: 'orders-1', shutdown: { timeout: '20s' } });
  void life.registrar.start();
  await life.clock.advance(1_000);
  return life;
}

describe('onStop', () => {
  it('runs the hooks of each point at their moment of the stop, the last added first', async () => {
    const { clock, registry, registrar } = await running();
    const told: string[] = [];
    for (const point of [...hookPoints].reverse()) {
      for (const name of ['first', 'second'])
        registrar.onStop(point, name, () =>
          told.push(
            `${point}: ${name}, ${registry.passing.length === 1 ? 'listed' : 'not listed'}, after ${String(clock.now() - 1_000)} ms`,
          ),
        );
    }
    const stopped = registrar.stop();
    await clock.advance(10_000);
    await stopped;
    expect(told).toEqual([
      'before deregister: second, listed, after 0 ms',
      'before deregister: first, listed, after 0 ms',
      'after drain: second, not listed, after 2050 ms',
      'after drain: first, not listed, after 2050 ms',
      'after close: second, not listed, after 2050 ms',
      'after close: first, not listed, after 2050 ms',
    ]);
  });

  it('beats on while it waits before deregistering, and serves on as long as ever after that', async () => {
    const { clock, registry, registrar } = await running();
    registrar.onStop('before deregister', 'slow', () => clock.sleep(15_000), { timeout: '16s' });
    const at: Record<string, number> = {};
    for (const event of ['deregistered', 'stopped'] as const)
      registrar.on(event, () => (at[event] = clock.now() - 1_000));
    const stopped = registrar.stop();
    await clock.advance(14_900);
    expect(registry.passing).toEqual(['orders-1']);
    await clock.advance(5_000);
    await stopped;
    expect(at.deregistered).toBeLessThan(15_100);
    expect(at.stopped).toBeGreaterThanOrEqual(17_000);
  });

  it('tells a hook that throws or takes too long by its name, and goes on', async () => {
    const { clock, registrar, told } = await running();
    let signalled: unknown;
    let ran = false;
    registrar.onStop('after close', 'pool', () => (ran = true));
    registrar.onStop('after close', 'queue', () => Promise.reject(new Error('already closed')));
    registrar.onStop(
      'after drain',
      'cache',
      (signal) =>
        new Promise(() =>
          signal.addEventListener('abort', () => {
            signalled = signal.reason;
          }),
        ),
      { timeout: '3s' },
    );
    const stopped = registrar.stop();
    await clock.advance(10_000);
    await stopped;
    expect(ran).toBe(true);
    expect(signalled).toMatchObject({ code: 'ROLLCALL_TIMEOUT' });
    expect(told('stopped')[0]?.errors.map((error) => error.message)).toEqual([
      "the hook 'cache' (after drain) failed: the hook 'cache' (after drain) took longer than 3000 ms",
      "the hook 'queue' (after close) failed: already closed",
    ]);
    expect(told('stopped')[0]?.errors).toMatchObject([
      { code: 'ROLLCALL_HOOK_FAILED' },
      { code: 'ROLLCALL_HOOK_FAILED', cause: { message: 'already closed' } },
    ]);
  });

  it.each([...hookPoints])(
    'never takes the stop over its one deadline, nor over a second signal (%s)',
    async (point) => {
      const ways: ((life: SimulatedLife) => number)[] = [
        () => 20_100,
        ({ process }) => {
          process.send('SIGTERM');
          return 10;
        },
      ];
      for (const wait of ways) {
        const life = await running();
        life.registrar.onStop(point, 'stuck', () => new Promise(() => undefined), { timeout: '1h' });
        life.process.send('SIGTERM');
        await life.clock.advance(3_000);
        await life.clock.advance(wait(life));
        expect([life.registrar.state, life.process.exits]).toEqual(['stopped', [1]]);
      }
    },
  );

  it('runs what leave() alone comes by, and that once', async () => {
    const { clock, registrar } = await running();
    const told: string[] = [];
    for (const point of hookPoints) registrar.onStop(point, 'one', () => told.push(point));
    void registrar.leave();
    await clock.advance(3_000);
    expect(told).toEqual(['before deregister']);
    void registrar.stop();
    await clock.advance(10_000);
    expect(told).toEqual([...hookPoints]);
  });

  it('does not get an instance registered that was on its way, however long a hook takes', async () => {
    const { clock, registry, registrar } = simulatedLife({ id: 'orders-1', ready: () => false });
    void registrar.start();
    registrar.onStop('before deregister', 'slow', () => clock.sleep(4_000));
    await clock.advance(100);
    const stopped = registrar.stop();
    await clock.advance(10_000);
    await stopped;
    expect(registry.requests.filter(({ verb }) => verb === 'register')).toEqual([]);
  });

  it('takes a hook off again, refuses what cannot be one, and takes none once the way down has begun', async () => {
    const { clock, registrar } = await running();
    let ran = false;
    const off = registrar.onStop('after close', 'gone', () => (ran = true));
    off();
    off();
    const add = registrar.onStop.bind(registrar) as (...args: unknown[]) => unknown;
    expect(() => add('at the end', '', 5, { timeout: 'soon' })).toThrow(
      /onStop point[^]*onStop name[^]*onStop hook[^]*onStop timeout/,
    );
    void registrar.stop();
    await clock.advance(10_000);
    expect(ran).toBe(false);
    expect(() => registrar.onStop('after close', 'late', () => undefined)).toThrow(
      expect.objectContaining({ code: 'ROLLCALL_STOPPED' }),
    );
  });
});
