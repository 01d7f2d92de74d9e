import { afterEach, describe, expect, it, vi } from 'vitest';
import { memory } from 'rollcall';
import type { RegistrarOptions } from 'rollcall';
import { simulatedLife } from '../../support/simulated-life.js';
import { MemoryLogger } from '../telemetry/memory-logger.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Long enough for what a stop does without a drain, and far below any drain. */
const BRIEF_MS = 250;

async function briefStop(options: Partial<RegistrarOptions>, prepare = (_: ReturnType<typeof simulatedLife>) => {}) {
  const logger = new MemoryLogger();
  const life = simulatedLife({ logger, ...options });
  const { clock, registrar, registry } = life;
  prepare(life);
  registrar.start().catch(() => undefined);
  await clock.advance(1_000);
  let isOver = false;
  void registrar.stop().then(() => (isOver = true));
  await clock.advance(BRIEF_MS);
  expect([isOver, registry.entries.size, clock.pending, clock.holds]).toEqual([true, 0, 0, 0]);
  const said = logger.messages.filter((line) => line.includes('drain'));
  return { ...life, said };
}

describe('a stop without a drain takes no longer than leaving does, says why in one line, and leaves no timer', () => {
  it.each<[string, NodeJS.ProcessEnv, Partial<RegistrarOptions>]>([
    ['`shutdown.drain` is false', {}, { shutdown: { drain: false } }],
    ['SERVICE_DRAIN is off', { SERVICE_DRAIN: 'off' }, {}],
    ['NODE_ENV is test', { SERVICE_DRAIN: '', NODE_ENV: 'test' }, { shutdown: { drain: { min: '5s' } } }],
    ['node --watch runs this process', { SERVICE_DRAIN: '', NODE_ENV: '', WATCH_REPORT_DEPENDENCIES: '1' }, {}],
    ['other processes cannot see it in memory', {}, { registry: memory() }],
    ['it was never registered', {}, { ready: () => false }],
  ])('because %s', async (why, env, options) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    const { said } = await briefStop(options);
    expect(said).toEqual([
      `orders: draining (stop() was called); leaves the registry and closes without a drain, because ${why}`,
    ]);
  });

  it('because no attempt to register has succeeded', async () => {
    const { told } = await briefStop({}, ({ registry }) => (registry.down = true));
    expect(told('deregistered')).toMatchObject([{ listedForMs: undefined }]);
  });
});

describe('a stop drains', () => {
  it('under NODE_ENV=development, which clusters set', async () => {
    vi.stubEnv('SERVICE_DRAIN', '');
    vi.stubEnv('NODE_ENV', 'development');
    const { clock, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    const stopped = registrar.stop();
    await clock.advance(10_000);
    await stopped;
    expect(told('draining')).toEqual([{ reason: 'stop() was called', noDrain: undefined }]);
    expect(told('stopped')[0]?.tookMs).toBeGreaterThan(2_000);
  });

  it('a registration lost meanwhile too: callers may still know it', async () => {
    const { clock, registry, registrar, told } = simulatedLife();
    void registrar.start();
    await clock.advance(1_000);
    registry.entries.clear();
    registry.down = true;
    await clock.advance(4_000);
    void registrar.stop();
    await clock.advance(1_000);
    expect(told('stopped')).toEqual([]);
  });
});

describe('a stop without a drain whose registry does not answer', () => {
  it('gives up after 2 s, and leaves the entry to its TTL', async () => {
    const { clock, registry, registrar, told } = simulatedLife({ shutdown: { drain: false } });
    void registrar.start();
    await clock.advance(1_000);
    registry.pause();
    void registrar.stop();
    await clock.advance(1_900);
    expect(told('stopped')).toEqual([]);
    await clock.advance(200);
    expect(told('stopped')).toHaveLength(1);
    expect(told('deregistered')).toMatchObject([{ confirmed: false }]);
  });
});

it('a long stop says every 5 s what it waits for', async () => {
  const logger = new MemoryLogger();
  const { clock, registrar, told } = simulatedLife({
    logger,
    shutdown: { drain: { min: '8s', max: '8s' }, timeout: '25s' },
  });
  void registrar.start();
  await clock.advance(1_000);
  registrar.onStop('after close', 'slow', () => clock.sleep(4_000));
  void registrar.stop();
  await clock.advance(20_000);
  expect(told('stopped')).toHaveLength(1);
  expect(logger.messages.filter((line) => line.includes('waits for'))).toEqual([
    'orders: stopping for 5s, waits for the end of shutdown.drain.min, 5.0 s of 8.0 s',
    "orders: stopping for 10s, waits for the hooks 'after close'",
  ]);
  expect(clock.pending).toBe(0);
});
