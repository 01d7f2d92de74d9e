import { afterEach, expect, it } from 'vitest';
import { consul, fallback } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later, ownConsul } from './fixtures/live.js';

afterEach(cleanUp);

/** An agent of a datacenter, whose instances pass until they fail. */
async function datacenter(name: string) {
  const agent = await ownConsul({ config: { datacenter: name } });
  const raw = rawConsul(agent.url);
  later(() => raw.close());
  const put = async (path: string, body?: object) => {
    expect((await raw.put(`/v1/agent/${path}`, body)).status).toBe(200);
  };
  const register = (service: string, at: number) =>
    put('service/register', {
      ID: `${name}-${at}`,
      Name: service,
      Address: '10.0.0.1',
      Port: 3000 + at,
      Check: { TTL: '1h', Status: 'passing' },
    });
  const fail = (at: number) => put(`check/fail/service:${name}-${at}`);
  return { registry: consul({ endpoints: [agent.url] }), register, fail };
}

it('calls the datacenter of the first registry, and the other one for what it has no room for', async () => {
  const [west, east] = await Promise.all([datacenter('west'), datacenter('east')]);
  const name = freshName('spill');
  for (const at of [0, 1]) await Promise.all([west.register(name, at), east.register(name, at)]);
  const resolver = createResolver({ registry: fallback([west.registry, east.registry]), logger: false });
  later(() => resolver.close());
  const orders = resolver.service(name);
  await waitFor(() => orders.snapshot().instances.length === 4);
  const share = (datacenter: string) => {
    const picks = Array.from({ length: 2_000 }, () => orders.pick());
    for (const picked of picks) picked.done();
    return picks.filter(({ instance }) => instance.datacenter === datacenter).length / picks.length;
  };
  expect([share('west'), share('east')]).toEqual([1, 0]);

  await west.fail(1);
  await waitFor(() => orders.snapshot().instances.length === 3);
  expect(share('west')).toBeCloseTo(0.7, 1);

  await west.fail(0);
  await waitFor(() => orders.snapshot().instances.length === 2);
  expect(share('east')).toBe(1);
});
