import { afterEach, expect, it } from 'vitest';
import { consul } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import type { ResolvedService } from 'rollcall/discovery';
import { rawConsul } from '../support/servers/raw-consul.js';
import { startConsulCluster } from '../support/servers/consul-server.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

afterEach(cleanUp);

function open(url: string, name: string): ResolvedService {
  const resolver = createResolver({ registry: consul({ endpoints: [url] }), logger: false });
  later(() => resolver.close());
  return resolver.service(name);
}

it('goes on with stale answers, labelled, while Consul has no leader, and is live with the next one', async () => {
  const cluster = await startConsulCluster();
  later(() => cluster.stop());
  const { url } = cluster.client;
  const raw = rawConsul(url);
  later(() => raw.close());
  const name = freshName('leaderless');
  const body = { ID: `${name}-1`, Name: name, Address: '10.0.0.1', Port: 3000 };
  expect((await raw.put('/v1/agent/service/register', body)).status).toBe(200);
  const orders = open(url, name);
  const { instances } = await orders.ready({ timeout: '20s' });

  // What a server that stays has not been told of, it cannot say without a leader.
  for (const server of cluster.servers) {
    const each = rawConsul(server.url);
    later(() => each.close());
    const read = async () => (await each.get(`/v1/health/service/${name}?stale`)).json<unknown[]>();
    await waitFor(async () => (await read()).length === 1);
  }

  const first = await cluster.leader();
  await first.kill();
  await waitFor(async () => (await cluster.leader()) !== first, { timeoutMs: 20_000 });
  await (await cluster.leader()).kill();
  // The poll that is held is given up: it would be held for ever, or answered as if all were well.
  await waitFor(() => orders.snapshot().source === 'stale', { timeoutMs: 30_000 });
  expect(orders.snapshot()).toMatchObject({ instances, doubted: 0 });
  // A process that starts now: a plain read would take seconds, and fail.
  const late = await open(url, name).ready({ timeout: '5s' });
  expect(late).toMatchObject({ source: 'stale', presence: 'present' });
  expect(late.ageMs).toBeGreaterThan(0);
  expect(late.ageMs).toBeLessThan(60_000);

  await first.restart();
  await waitFor(() => orders.snapshot().source === 'live', { timeoutMs: 20_000 });
  expect(orders.snapshot().instances).toEqual(instances);
});
