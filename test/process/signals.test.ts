import { afterEach, describe, expect, inject, it } from 'vitest';
import { catalogOf, cleanUp, freshName, ownConsul } from '../integration/fixtures/live.js';
import { killForkedServices } from '../support/fork-service.js';
import { waitFor } from '../support/wait-for.js';
import type { Plan } from './fixtures/plan.js';
import { TestService } from './fixtures/start-service.js';
import { Traffic, get } from './fixtures/traffic.js';

const url = inject('consulUrl');
const shutdown = { drain: { min: '500ms', quiet: '400ms', max: '10s' }, timeout: '20s' };

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

async function listed(plan: Plan): Promise<TestService> {
  const service = new TestService(plan);
  await service.told('listening');
  const catalog = catalogOf(plan.url);
  await waitFor(async () => (await catalog.passing(plan.options.name!)).length === 1, { timeoutMs: 30_000 });
  return service;
}

describe.each(['http', 'fastify', 'express'] as const)('a SIGTERM to a service on %s', (kind) => {
  it('takes it out of the registry, and requests that still come are answered until they cease; then it exits with 0', async () => {
    const name = freshName(`sigterm-${kind}`);
    const catalog = catalogOf(url);
    const service = await listed({ kind, url, options: { name, shutdown } });
    const place = await service.url();
    const clients = [new Traffic(place, { keepAlive: true }), new Traffic(place, { keepAlive: false })];
    await waitFor(() => clients.every(({ answers }) => answers.length >= 3));
    expect(clients[0]!.answers.at(-1)).toEqual({ status: 200, connection: 'keep-alive' });
    const slow = get(`${place}/slow/1500`);

    service.process.signal('SIGTERM');
    await waitFor(async () => (await catalog.entries(name)).length === 0);
    const before = clients.map(({ answers }) => answers.length);
    // The first may have been asked before the signal arrived.
    await waitFor(() => clients.every(({ answers }, i) => answers.length >= before[i]! + 12));
    for (const client of clients) await client.stop();

    for (const [i, { answers }] of clients.entries()) {
      expect(new Set(answers.map((answer) => (typeof answer === 'string' ? answer : answer.status)))).toEqual(
        new Set([200]),
      );
      expect(
        new Set(
          answers.slice(before[i]! + 1).map((answer) => (typeof answer === 'string' ? answer : answer.connection)),
        ),
      ).toEqual(new Set(['close']));
    }
    expect((await slow).status).toBe(200);
    expect(await service.exit, service.output).toEqual({ code: 0, signal: null });
    expect(await catalog.entries(name)).toEqual([]);
  });
});

describe('a signal', () => {
  it('ends a service whose agent is dead with 1, within its own limits', async () => {
    const agent = await ownConsul();
    const service = await listed({
      kind: 'http',
      url: agent.url,
      options: { name: freshName('dead-agent'), ttl: '2s', shutdown },
    });
    await service.told('settled');
    await agent.kill();
    service.process.signal('SIGTERM');
    expect((await service.event('deregistered')).confirmed).toBe(false);
    expect(await service.exit, service.output).toEqual({ code: 1, signal: null });
  });

  it('that comes a second time ends the service at once, without waiting for the drain', async () => {
    const name = freshName('twice');
    const service = await listed({
      kind: 'http',
      url,
      options: { name, shutdown: { drain: { min: '30s', max: '30s' }, timeout: '60s' } },
    });
    await service.told('settled');
    service.process.signal('SIGTERM');
    await service.event('deregistered');
    const at = performance.now();
    service.process.signal('SIGTERM');
    expect((await service.exit).signal).toBeNull();
    expect(performance.now() - at).toBeLessThan(10_000);
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });

  it('that the host listens to as well leaves the registry, and the process is left to the host', async () => {
    const name = freshName('own-sigterm');
    const service = await listed({ kind: 'http', url, ownSigterm: true, obeys: true, options: { name, shutdown } });
    await service.told('settled');
    service.process.signal('SIGTERM');
    await service.event('stopped');
    await service.process.waitForLine('SIGTERM also runs an anonymous function');
    expect(service.count('own SIGTERM')).toBe(1);
    expect(await catalogOf(url).entries(name)).toEqual([]);
    // Still there, and listening to its host.
    service.tell('exit');
    expect(await service.exit).toEqual({ code: 7, signal: null });
  });

  it('that comes before the service is ready ends it with 0, and it was never listed', async () => {
    const name = freshName('early');
    const service = new TestService({ kind: 'http', url, ready: 'told', options: { name, shutdown } });
    await service.told('asked');
    service.process.signal('SIGINT');
    expect(await service.exit, service.output).toEqual({ code: 0, signal: null });
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });
});
