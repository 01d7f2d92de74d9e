import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { dns } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import type { Resolver } from 'rollcall/discovery';
import { startFaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import type { RawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

let agent: ConsulServer;
let raw: RawConsul;
const { signal } = new AbortController();

beforeAll(async () => {
  agent = await startConsul({ config: { dns_config: { service_ttl: { '*': '7s' } } } });
  raw = rawConsul(agent.url);
});
afterEach(cleanUp);
afterAll(async () => {
  raw.close();
  await agent.stop();
});

async function put(name: string, port: number, more: object = {}): Promise<void> {
  const body = { ID: `${name}-${port}`, Name: name, Address: '10.0.0.7', Port: port, ...more };
  expect((await raw.put('/v1/agent/service/register', body)).status).toBe(200);
}

function open(port = agent.dnsPort): Resolver {
  const resolver = createResolver({ registry: dns({ server: `127.0.0.1:${port}` }), logger: false });
  later(() => resolver.close());
  return resolver;
}

it('finds what Consul has, by address, IPv6 address, host name and node, with weights and the TTL', async () => {
  const name = freshName('dns');
  await put(name, 3000, { Weights: { Passing: 5, Warning: 1 } });
  await put(name, 3001, { Address: 'fd00::1' });
  await put(name, 3002, { Address: 'shop.example' });
  await put(name, 3003, { Address: '' });
  await put(name, 3004, { Check: { Name: 'fails', TTL: '60s', Status: 'critical' } });
  const registry = dns({ server: `127.0.0.1:${agent.dnsPort}` });
  later(() => registry.close());
  const { instances, freshForMs } = await registry.discovery!.poll(name, undefined, signal, { datacenter: 'dc1' });
  const seen = new Map(instances.map(({ id, weights }) => [id, weights?.passing]));
  expect([...seen].sort()).toEqual([
    ['10.0.0.7:3000', 5],
    ['127.0.0.1:3003', 1],
    ['[fd00::1]:3001', 1],
    ['shop.example:3002', 1],
  ]);
  expect(freshForMs).toBe(7_000);
});

it('gives a resolver instances to call, and says that a service was never seen', async () => {
  const name = freshName('dns-live');
  await put(name, 3000);
  const resolver = open();
  const found = resolver.service(name);
  expect(await found.ready()).toMatchObject({ source: 'live', instances: [{ origin: 'http://10.0.0.7:3000' }] });
  expect(found.pick().instance.origin).toBe('http://10.0.0.7:3000');
  const absent = resolver.service(freshName('dns-absent'));
  await waitFor(() => absent.snapshot().presence === 'never-seen');
});

it('goes on with what it knows while the server does not answer, and asks until it does', async () => {
  const name = freshName('dns-outage');
  await put(name, 3000);
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: agent.dnsPort } });
  later(() => proxy.close());
  const resolver = createResolver({
    registry: dns({ server: `127.0.0.1:${proxy.port}`, maxTtl: '1s' }),
    logger: false,
  });
  later(() => resolver.close());
  const orders = resolver.service(name);
  await orders.ready();
  const events: string[] = [];
  for (const event of ['stale', 'recovered'] as const) orders.events.on(event, () => events.push(event));
  await proxy.refuse();
  await waitFor(() => orders.snapshot().source === 'memory', { timeoutMs: 10_000 });
  expect(orders.snapshot().instances).toHaveLength(1);
  await put(name, 3001);
  await proxy.pass();
  await waitFor(() => orders.snapshot().instances.length === 2, { timeoutMs: 10_000 });
  expect(events).toEqual(['stale', 'recovered']);
});

it('takes an answer that Consul cut without a word for none', async () => {
  const name = freshName('dns-many');
  const ports = Array.from({ length: 1_100 }, (_, at) => 10_000 + at);
  const register = (port: number) => put(name, port, { Address: `10.1.${port >> 8}.${port & 255}` });
  for (let at = 0; at < ports.length; at += 50) await Promise.all(ports.slice(at, at + 50).map(register));
  const registry = dns({ server: `127.0.0.1:${agent.dnsPort}` });
  later(() => registry.close());
  await expect(registry.discovery!.poll(name, undefined, signal)).rejects.toMatchObject({
    code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
    message: expect.stringContaining('64 kB') as string,
  });
});

it('is told by a server that is not one for the domain', async () => {
  const registry = dns({ server: `127.0.0.1:${agent.dnsPort}`, domain: 'example' });
  later(() => registry.close());
  await expect(registry.discovery!.poll('orders', undefined, signal)).rejects.toThrow(/answered REFUSED.*`domain`/);
});
