import { afterEach, describe, expect, it } from 'vitest';
import { consul } from 'rollcall';
import { startConsulPair } from '../support/servers/consul-server.js';
import { waitFor } from '../support/wait-for.js';
import { catalogOf, cleanUp, freshName, later, registrarOn } from './fixtures/live.js';

afterEach(cleanUp);

describe('several agents of one datacenter', () => {
  it('hold a registration one after the other, and what a failover leaves behind goes when the first is back', async () => {
    const { server, client, stop } = await startConsulPair();
    later(stop);
    const name = freshName('agents');
    const registry = consul({ endpoints: [client.url, server.url], breaker: { openFor: '1s' } });
    const { events, registrar } = registrarOn(client.url, {
      name,
      registry,
      ttl: '3s',
      heartbeat: { interval: '500ms' },
    });
    await registrar.start();
    expect(registrar.status()).toMatchObject({ holder: `consul at 127.0.0.1:${client.port}`, level: 0 });

    await client.kill();
    await events.next('fellBack');
    await events.next('recovered');
    const catalog = catalogOf(server.url);
    await waitFor(async () => (await catalog.passing(name)).length > 0);
    expect(registrar.status()).toMatchObject({
      holder: `consul at 127.0.0.1:${server.port}`,
      level: 1,
      members: [{ state: 'out' }, { state: 'good' }],
    });

    await client.restart();
    await events.next('failedBack', 20_000);
    await waitFor(async () => (await catalog.entries(name)).length === 1);
    expect(registrar.status()).toMatchObject({ level: 0, state: 'registered' });

    await registrar.stop();
    await waitFor(async () => (await catalog.entries(name)).length === 0);
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
  });
});
