import { afterEach, describe, expect, inject, it } from 'vitest';
import { catalogOf, cleanUp, freshName, ownConsul } from '../integration/fixtures/live.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import type { CrashPlan } from './fixtures/crash-plan.js';

const url = inject('consulUrl');

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

/** A host that has come up. */
async function host(plan: CrashPlan) {
  const service = forkService(new URL('fixtures/crash.ts', import.meta.url), { words: [JSON.stringify(plan)] });
  await service.waitForMessage((message): message is 'ready' => message === 'ready', 30_000);
  return service;
}

/** Its end, and what it said on the way. */
async function crashed(plan: CrashPlan) {
  const service = await host(plan);
  service.send('crash');
  const exit = await service.exit;
  return { exit, lines: service.lines };
}

describe.each([
  ['throws', 1],
  ['rejects', 1],
  ['exits with 3', 1],
] as const)('a host that %s', (way, code) => {
  it('ends with the code and the words that it would have ended with, and its entry is gone by then', async () => {
    const name = freshName('crash');
    const without = await crashed({ name, crash: false, way });
    expect([without.exit.code, without.lines.join()]).toEqual([
      code,
      expect.stringContaining('the order book is gone'),
    ]);
    const { exit, lines } = await crashed({ url, name, crash: true, way });
    expect([exit, lines]).toEqual([without.exit, without.lines]);
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });
});

describe('a crash', () => {
  it('leaves the entry to its TTL, unless told otherwise', async () => {
    const name = freshName('crash-default');
    await crashed({ url, name, crash: false, way: 'throws' });
    expect(await catalogOf(url).entries(name)).toHaveLength(1);
  });

  it('is final for heartbeats from a worker thread too', async () => {
    const name = freshName('crash-thread');
    await crashed({ url, name, crash: true, thread: 'worker', way: 'throws' });
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });

  it('that the host catches is none, and it stays registered', async () => {
    const name = freshName('crash-caught');
    const service = await host({ url, name, crash: true, way: 'caught' });
    service.send('crash');
    await service.waitForMessage((message): message is string => message === 'caught: the order book is gone');
    expect(await catalogOf(url).passing(name)).toHaveLength(1);
  });

  it('in the handler of a crash has the code that Node gives it', async () => {
    const name = freshName('crash-again');
    const without = await crashed({ name, crash: false, way: 'fails again' });
    expect(without.exit.code).toBe(7);
    const { exit, lines } = await crashed({ url, name, crash: true, way: 'fails again' });
    expect([exit, lines]).toEqual([without.exit, without.lines]);
  });

  it('is held up by an agent that hangs for about a second, and has the same end', async () => {
    const agent = await ownConsul();
    const name = freshName('crash-hung');
    const without = await crashed({ name, crash: false, way: 'throws' });
    const service = await host({ url: agent.url, name, crash: true, way: 'throws' });
    agent.pause();
    const at = performance.now();
    service.send('crash');
    expect(await service.exit).toEqual(without.exit);
    const tookMs = performance.now() - at;
    agent.resume();
    expect(service.lines).toEqual(without.lines);
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(10_000);
  });
});
