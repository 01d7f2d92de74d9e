import { describe, expect, it } from 'vitest';
import { simulatedLife } from '../../support/simulated-life.js';

describe('stop', () => {
  it('leaves, serves on for the minimum, then is done', async () => {
    const { clock, registry, registrar, events } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    const stopped = registrar.stop();
    await clock.advance(100);
    expect(registry.entries.size).toBe(0);
    expect(registrar.state).toBe('draining');
    await clock.advance(2_000);
    await stopped;
    expect(registrar.state).toBe('stopped');
    expect(
      events.map(({ name }) => name).filter((name) => ['draining', 'deregistered', 'stopped'].includes(name)),
    ).toEqual(['draining', 'deregistered', 'stopped']);
    expect(clock.pending).toBe(0);
    expect(clock.holds).toBe(0);
  });

  it('says in status() what it waits for', async () => {
    const { clock, registry, registrar } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    let release = () => {};
    registrar.onStop('after drain', 'held', () => new Promise<void>((resolve) => (release = resolve)));
    expect(registrar.status().waitingFor).toBeUndefined();
    registry.pause();
    const stopped = registrar.stop();
    await clock.advance(100);
    expect(registrar.status().waitingFor).toBe('the registry to show that it is out');
    registry.resume();
    await clock.advance(1_000);
    expect(registrar.status().waitingFor).toMatch(/^the end of shutdown.drain.min, [01]\.\d s of 2.0 s$/);
    await clock.advance(2_000);
    expect(registrar.status().waitingFor).toBe("the hooks 'after drain'");
    release();
    await clock.advance(0);
    await stopped;
    expect(registrar.status().waitingFor).toBeUndefined();
  });

  it('is terminal and idempotent: one pair of events, and start rejects afterwards', async () => {
    const { clock, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    const both = Promise.all([registrar.stop(), registrar.stop()]);
    await clock.advance(10_000);
    await both;
    await registrar.stop();
    expect(told('stopped')).toHaveLength(1);
    await expect(registrar.update({ tags: [] })).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
  });

  it('holds the process only while it stops', async () => {
    const { clock, registrar } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    expect(clock.holds).toBe(0);
    void registrar.stop();
    expect(clock.holds).toBe(1);
    await clock.advance(10_000);
    expect(clock.holds).toBe(0);
  });

  it('needs no registry and no drain when nothing was ever registered', async () => {
    const { clock, registry, registrar } = simulatedLife({ ready: () => false });
    const started = expect(registrar.start()).rejects.toMatchObject({ code: 'ROLLCALL_STOPPED' });
    await clock.advance(1_000);
    const stopped = registrar.stop();
    await clock.advance(10);
    await stopped;
    await started;
    expect(registry.requests.filter(({ verb }) => verb === 'register' || verb === 'remove')).toEqual([]);
    expect(registrar.state).toBe('stopped');
  });

  it('removes what a register that was still on the wire brings back', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    registry.pause();
    void registrar.start();
    await clock.advance(100);
    const stopped = registrar.stop();
    await clock.advance(500);
    registry.resume();
    await clock.advance(5_000);
    await stopped;
    expect(registry.entries.size).toBe(0);
    expect(told('deregistered')).toMatchObject([{ confirmed: true, listedForMs: undefined }]);
    expect(told('stopped')).toHaveLength(1);
  });

  it('confirms that it has left also where the registry takes its time to answer', async () => {
    const { clock, registrar, told } = simulatedLife({}, undefined, () => 400);
    void registrar.start();
    await clock.advance(10_000);
    const stopped = registrar.stop();
    await clock.advance(20_000);
    await stopped;
    expect(told('deregistered')).toMatchObject([{ confirmed: true, listedForMs: 0 }]);
    expect(told('deregistered')[0]!.tookMs).toBeLessThan(5_000);
  });

  it('waits for the TTL when it cannot confirm that it has left', async () => {
    const { clock, registry, registrar, told } = simulatedLife({ shutdown: { drain: { max: '20s' } } });
    void registrar.start();
    await clock.advance(1_000);
    registry.down = true;
    const stopped = registrar.stop();
    await clock.advance(8_000);
    expect(registrar.state).toBe('draining');
    await clock.advance(4_000);
    await stopped;
    expect(told('deregistered')).toEqual([expect.objectContaining({ confirmed: false, listedForMs: 0 })]);
    expect(told('stopped')[0]?.errors[0]).toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE' });
  });

  it('keeps to one deadline over all', async () => {
    const { clock, registry, registrar, told } = simulatedLife({ shutdown: { timeout: '4s', drain: { max: '4s' } } });
    void registrar.start();
    await clock.advance(1_000);
    registry.pause();
    const stopped = registrar.stop();
    await clock.advance(4_100);
    await stopped;
    expect(registrar.state).toBe('stopped');
    expect(told('deregistered')).toMatchObject([{ confirmed: false }]);
    expect(told('deregistered')[0]!.listedForMs).toBeGreaterThan(4_000);
  });
});

describe('signals', () => {
  it('stops and exits with 0 when ours is the only listener', async () => {
    const { clock, process, registrar, registry } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    process.send('SIGTERM');
    await clock.advance(10_000);
    expect(process.exits).toEqual([0]);
    expect(registry.entries.size).toBe(0);
    expect(
      process.listeners('SIGTERM').length + process.listeners('SIGINT').length + process.listeners('beforeExit').length,
    ).toBe(0);
  });

  it('exits with 1 when the stop was not clean', async () => {
    const { clock, process, registrar, registry } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    registry.down = true;
    process.send('SIGTERM');
    await clock.advance(30_000);
    expect(process.exits).toEqual([1]);
  });

  it('never exits for a host that listens too, and says so once', async () => {
    const { clock, process, registrar, told } = simulatedLife();
    process.on('SIGTERM', () => undefined);
    void registrar.start();
    await clock.advance(1_000);
    process.send('SIGTERM');
    await clock.advance(30_000);
    expect(process.exits).toEqual([]);
    expect(registrar.state).toBe('stopped');
    expect(told('warning').filter(({ message }) => message.includes('SIGTERM'))).toHaveLength(1);
  });

  it('ends at once on a second signal', async () => {
    const { clock, process, registrar, registry } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    registry.pause();
    process.send('SIGTERM');
    await clock.advance(500);
    process.send('SIGTERM');
    await clock.advance(10);
    expect(process.exits).toEqual([1]);
    expect(registrar.state).toBe('stopped');
  });

  it('skips the drain for SIGINT at a terminal', async () => {
    const { clock, process, registrar } = simulatedLife();
    process.stdin.isTTY = true;
    void registrar.start();
    await clock.advance(1_000);
    process.send('SIGINT');
    await clock.advance(200);
    expect(process.exits).toEqual([0]);
  });

  it('stops when the event loop runs empty, and leaves the exit to it', async () => {
    const { clock, process, registrar, registry } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    process.send('beforeExit');
    await clock.advance(10_000);
    expect(registry.entries.size).toBe(0);
    expect(process.exits).toEqual([]);
  });
});
