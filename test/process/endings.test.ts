import { afterEach, describe, expect, inject, it } from 'vitest';
import { catalogOf, cleanUp, freshName } from '../integration/fixtures/live.js';
import { watchService } from '../integration/fixtures/watching.js';
import { killForkedServices } from '../support/fork-service.js';
import { freePorts } from '../support/servers/free-ports.js';
import { waitFor } from '../support/wait-for.js';
import { HOST_EXIT_CODE } from './fixtures/plan.js';
import { TestService } from './fixtures/start-service.js';

const url = inject('consulUrl');
const shutdown = { drain: { min: '200ms', quiet: '200ms', max: '5s' }, timeout: '10s' };

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

describe('a killed service', () => {
  it('that starts again in its slot has one entry, and none that passes before it is ready', async () => {
    const name = freshName('sigkill');
    const catalog = catalogOf(url);
    const [port = 0] = await freePorts(1);
    // A TTL so long that what the first one leaves would pass for the whole test.
    const options = { name, ttl: '60s', shutdown };
    const first = new TestService({ kind: 'http', url, port, options });
    const { state } = await first.told('settled');
    expect(state, first.output).toBe('registered');
    const [left] = await waitFor(async () => {
      const passing = await catalog.passing(name);
      return passing.length === 1 && passing;
    });
    await first.process.kill();
    expect(await catalog.passing(name)).toHaveLength(1);

    const second = new TestService({ kind: 'http', url, port, ready: 'told', obeys: true, options });
    await second.told('listening');
    await waitFor(async () => (await catalog.passing(name)).length === 0);
    const watching = watchService(catalog, name);
    const asked = second.count('asked');
    await waitFor(() => second.count('asked') >= asked + 3);
    expect(await watching.stop()).toEqual(['absent']);

    second.tell('open');
    const [entry, ...others] = await waitFor(
      async () => (await catalog.passing(name)).length > 0 && catalog.entries(name),
    );
    expect(others).toEqual([]);
    expect(entry!.Service).toMatchObject({ ID: left!.Service.ID, Port: port });
    expect(entry!.Service.Meta).not.toEqual(left!.Service.Meta);
  });
});

describe('a service without a server', () => {
  it('whose event loop runs empty leaves the registry and ends by itself', async () => {
    const name = freshName('runs-empty');
    const catalog = catalogOf(url);
    const watching = watchService(catalog, name);
    // The pipe to its parent is what holds it open, as a queue's connection would.
    const service = new TestService({ kind: 'none', url, obeys: true, options: { name, id: name, shutdown } });
    await service.event('registered');
    await waitFor(() => watching.seen.includes('passing'));
    service.tell('let go');
    expect(await service.exit, service.output).toEqual({ code: 0, signal: null });
    expect((await watching.stop()).at(-1)).toBe('absent');
  });

  it('that awaits its start before it does anything else is not cut off by its empty event loop', async () => {
    const name = freshName('awaits-start');
    const service = new TestService({ kind: 'none', url, awaitsStart: true, options: { name, id: name, shutdown } });
    expect((await service.told('settled')).state, service.output).toBe('registered');
    expect(await service.exit, service.output).toEqual({ code: 0, signal: null });
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });

  it.each([
    ['with an agent', url],
    ['without an agent', 'http://127.0.0.1:1'],
  ])('is never held open by its idle Registrar (%s)', async (_, agent) => {
    const name = freshName('idle');
    const service = new TestService({ kind: 'none', url: agent, options: { name, id: name, shutdown } });
    expect(await service.exit, service.output).toEqual({ code: 0, signal: null });
    expect(await catalogOf(url).entries(name)).toEqual([]);
  });
});

describe('an exit of the host', () => {
  it('is never delayed nor given another code', async () => {
    const name = freshName('process-exit');
    const service = new TestService({
      kind: 'http',
      url,
      obeys: true,
      options: { name, ttl: '2s', shutdown: { drain: { min: '30s', max: '30s' }, timeout: '60s' } },
    });
    await service.told('settled');
    const at = performance.now();
    service.tell('exit');
    expect(await service.exit).toEqual({ code: HOST_EXIT_CODE, signal: null });
    expect(performance.now() - at).toBeLessThan(10_000);
    // What an exit without a goodbye leaves is a matter for the TTL.
    const catalog = catalogOf(url);
    await waitFor(async () => (await catalog.passing(name)).length === 0);
  });
});
