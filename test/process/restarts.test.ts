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
const shutdown = { drain: { min: 0, quiet: 0, max: '2s' }, timeout: '5s' };

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

/** One service, restarted so often on its port. */
async function restart(port: number, restarts: number): Promise<void> {
  const name = freshName('restarts');
  const catalog = catalogOf(url);
  const nonces = new Set<string | undefined>();
  let id: string | undefined;
  for (let life = 0; life <= restarts; life += 1) {
    const service = new TestService({
      kind: 'http',
      url,
      port,
      ready: 'told',
      obeys: true,
      options: { name, ttl: '30s', shutdown },
    });
    await service.told('asked');
    // A killed predecessor is handed out until its successor is up: its TTL would last far longer than that.
    await waitFor(async () => (await catalog.passing(name)).length === 0);
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

    const killed = life % 2 === 1 && life < restarts;
    service.process.signal(killed ? 'SIGKILL' : 'SIGTERM');
    expect(await service.exit, service.output).toEqual(
      killed ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null },
    );
    expect(await catalog.entries(name)).toHaveLength(killed ? 1 : 0);
  }
  expect(nonces.size).toBe(restarts + 1);
}

it(
  `${RESTARTS} restarts by SIGTERM and SIGKILL leave one entry at a time, and none that passes before its gate is open`,
  { timeout: 150_000 },
  async () => {
    // Two services, since a start waits more than it computes.
    const ports = await freePorts(2);
    await Promise.all(ports.map((port) => restart(port, RESTARTS / 2)));
  },
);
