// A service that is restarted again and again on its port, well ended and killed by turns.
import { afterEach, expect, inject, it } from 'vitest';
import { catalogOf, cleanUp, freshName } from '../integration/fixtures/live.js';
import { watchService } from '../integration/fixtures/watching.js';
import { killForkedServices } from '../support/fork-service.js';
import { freePorts } from '../support/servers/free-ports.js';
import { waitFor } from '../support/wait-for.js';
import { TestService } from './fixtures/start-service.js';

const url = inject('consulUrl');
const RESTARTS = 50;
/** Side by side, one for each core of a small machine: each has a name of its own. */
const PORTS = 2;
const shutdown = { drain: { min: 0, quiet: 0, max: '2s' }, timeout: '5s' };

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

/** Restarts one port so many times; resolves to the incarnations that readers were sent to. */
async function restart(name: string, port: number, times: number): Promise<Set<string | undefined>> {
  const catalog = catalogOf(url);
  const nonces = new Set<string | undefined>();
  let id: string | undefined;
  for (let life = 0; life <= times; life += 1) {
    const service = new TestService({ kind: 'http', url, port, ready: 'told', obeys: true, options: { name, ttl: '3s', shutdown } });
    await service.told('asked');
    // A killed predecessor is still handed out until its successor is up, which no one can help.
    await waitFor(async () => (await catalog.passing(name)).length === 0, { timeoutMs: 1_500 });
    const watching = watchService(catalog, name);
    const asked = service.count('asked');
    await waitFor(() => service.count('asked') > asked);
    await watching.looks(3);
    expect(await watching.stop(), service.output).toEqual(['absent']);

    service.tell('open');
    await waitFor(async () => (await catalog.passing(name)).length > 0);
    const [entry, ...others] = await catalog.entries(name);
    expect(others).toEqual([]);
    expect(entry?.Service).toMatchObject({ ID: (id ??= entry?.Service.ID), Port: port });
    nonces.add(entry?.Service.Meta['rollcall_nonce']);

    const killed = life % 2 === 1 && life < times;
    service.process.signal(killed ? 'SIGKILL' : 'SIGTERM');
    expect(await service.exit, service.output).toEqual(killed ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null });
    expect(await catalog.entries(name)).toHaveLength(killed ? 1 : 0);
  }
  return nonces;
}

it(`${RESTARTS} restarts by SIGTERM and SIGKILL leave one entry at a time, and none that passes before its gate is open`, { timeout: 150_000 }, async () => {
  const ports = await freePorts(PORTS);
  const times = RESTARTS / PORTS;
  const lives = await Promise.all(ports.map((port) => restart(freshName('restarts'), port, times)));
  expect(lives.map(({ size }) => size)).toEqual(ports.map(() => times + 1));
});
