import { describe, expect, it } from 'vitest';
import { describeShared } from '../../../src/telemetry/log.js';
import { simulatedLife } from '../../support/simulated-life.js';
import { MemoryLogger } from '../telemetry/memory-logger.js';

const shutdown = { drain: { min: 0, quiet: 0 } };

async function started(options: Parameters<typeof simulatedLife>[0] = {}, before: (() => void)[] = []) {
  const life = simulatedLife({ shutdown, ...options });
  for (const listener of before) life.process.on('SIGTERM', listener);
  void life.registrar.start();
  await life.clock.advance(1_000);
  return life;
}

function closePool(): void {
  // A host would close its pool here.
}

describe("the host's own listeners", () => {
  it('are named in one line at the start, those without a name by their source', async () => {
    const logger = new MemoryLogger();
    const { told } = await started({ logger }, [closePool, () => process.exitCode]);
    const listeners = ['closePool', 'an anonymous function (() => process.exitCode)'];
    expect(told('sharedSignals')).toEqual([{ signals: ['SIGTERM'], listeners }]);
    const lines = logger.lines.filter(({ message }) => message.includes('SIGTERM'));
    expect(lines).toEqual([
      {
        level: 'info',
        fields: {
          service: 'orders',
          instance: expect.any(String) as string,
          registry: 'simulated',
          signals: ['SIGTERM'],
          listeners,
        },
        message:
          'orders: SIGTERM also runs closePool, an anonymous function (() => process.exitCode): rollcall leaves ' +
          'the registry and drains beside them, and they end the process; await registrar.stop() in them before they ' +
          'exit or close the server. `shutdown.shared: true` silences this line',
      },
    ]);
  });

  it('that come later are named once, together', async () => {
    const { clock, process, told } = await started();
    process.on('SIGTERM', closePool);
    process.on('SIGINT', closePool);
    process.on('SIGUSR2', () => undefined);
    await clock.advance(1_000);
    process.on('SIGINT', closePool);
    await clock.advance(1_000);
    expect(told('sharedSignals')).toEqual([{ signals: ['SIGTERM', 'SIGINT'], listeners: ['closePool'] }]);
  });

  it('are named at the signal at the latest', async () => {
    const { process, told, clock } = await started();
    process.on('SIGTERM', closePool);
    process.send('SIGTERM');
    expect(told('sharedSignals')).toHaveLength(1);
    await clock.advance(10_000);
    expect(told('sharedSignals')).toHaveLength(1);
  });

  it.each([{ shared: true }, { signals: false as const }])('are not named under %o', async (more) => {
    const { told } = await started({ shutdown: { ...shutdown, ...more } }, [closePool]);
    expect(told('sharedSignals')).toEqual([]);
  });

  it('are watched until the stop has ended', async () => {
    const { process, registrar, clock } = await started();
    expect(process.listeners('newListener')).toHaveLength(1);
    void registrar.stop();
    await clock.advance(10_000);
    expect(process.listeners('newListener')).toEqual([]);
  });
});

it('says what several signals run', () => {
  expect(describeShared({ signals: ['SIGTERM', 'SIGINT'], listeners: ['onSignal'] })).toMatch(
    /^SIGTERM and SIGINT also run onSignal: /,
  );
});
