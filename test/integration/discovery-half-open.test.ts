import { afterEach, expect, inject, it } from 'vitest';
import { consul } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import { HalfOpenProxy } from '../support/half-open-proxy.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

const shared = inject('consulUrl');

afterEach(cleanUp);

it('reads on a new connection once a long poll was not answered in time, although others are idle', async () => {
  const raw = rawConsul(shared);
  later(() => raw.close());
  const proxy = await HalfOpenProxy.start(Number(new URL(shared).port));
  later(() => proxy.close());
  const name = freshName('half-open');
  const put = async (id: string) => {
    later(() => raw.put(`/v1/agent/service/deregister/${id}`));
    const body = { ID: id, Name: name, Address: '10.0.0.1', Port: 3000 };
    expect((await raw.put('/v1/agent/service/register', body)).status).toBe(200);
  };
  await put(`${name}-1`);
  // Longer than this test may take.
  const timeouts = { poll: '1s', request: '60s' };
  const registry = consul({ endpoints: [`http://127.0.0.1:${proxy.port}`], timeouts });
  const resolver = createResolver({ registry, logger: false });
  later(() => resolver.close());
  const orders = resolver.service(name);
  await orders.ready();
  // The list has left an idle connection, and the long poll has another one.
  await waitFor(() => proxy.connections === 2);
  proxy.forget();
  await put(`${name}-2`);
  await waitFor(() => orders.snapshot().instances.length === 2, { timeoutMs: 15_000 });
});
