import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { consulKv } from '../../../../src/backends/consul/consul-kv.js';
import { consul } from '../../../../src/backends/consul/consul-registry.js';
import type { ServiceInstance } from '../../../../src/contracts/service-instance.js';
import type * as HttpAgent from '../../../../src/net/http-agent.js';

const broken = vi.hoisted(() => ({ openings: 0 }));
vi.mock('../../../../src/net/http-agent.js', async (original) => {
  const real = await original<typeof HttpAgent>();
  return {
    ...real,
    createUnheldAgent: (...args: Parameters<typeof real.createUnheldAgent>) => {
      if (broken.openings > 0) {
        broken.openings -= 1;
        throw new Error('no such file');
      }
      return real.createUnheldAgent(...args);
    },
  };
});

const orders: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  port: 1,
  tags: [],
  meta: {},
  nonce: 'n1',
  ttlMs: 1_000,
  checks: [],
};
const passing = { status: 'passing', reason: 'ok' } as const;
const signal = new AbortController().signal;
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  broken.openings = 0;
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function agent(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener);
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('sends the credentials of the endpoint with every request, beats and calls, and shows them nowhere', async () => {
  const seen: IncomingMessage[] = [];
  const address = await agent((request, response) => {
    seen.push(request);
    if (request.method === 'GET') response.statusCode = 500;
    response.end();
  });
  const registry = consul({ endpoints: [`http://m%C3%A9:p%40ss%zz@${address}`] });
  cleanups.push(() => registry.close());
  const registration = await registry.register(orders, passing, signal);
  await registration.renew(passing, signal);
  const sent = `Basic ${Buffer.from('mé:p@ss%zz').toString('base64')}`;
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(seen.map(() => sent));
  expect(seen.length).toBeGreaterThan(1);
  const error: unknown = await registry.read(orders, signal).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
    message: expect.stringContaining(address) as string,
  });
  expect(String(error)).not.toMatch(/p@ss|p%40ss|Basic/);
});

it('opens the wire anew after an opening that failed, for every registry of the endpoint', async () => {
  const address = await agent((_request, response) => response.end());
  const registries = [1, 2].map(() => consul({ endpoints: [address] }));
  cleanups.push(() => Promise.all(registries.map((registry) => registry.close())));
  broken.openings = 1;
  const tries = await Promise.allSettled(registries.map((registry) => registry.register(orders, passing, signal)));
  expect(tries).toMatchObject(
    registries.map(() => ({ status: 'rejected', reason: { code: 'ROLLCALL_REGISTRY_UNAVAILABLE' } })),
  );
  for (const registry of registries) await registry.register(orders, passing, signal);
});

it('may be closed while an opening fails, and nothing is left unhandled', async () => {
  const registry = consul({ endpoints: ['127.0.0.1:1'] });
  broken.openings = 1;
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  cleanups.push(() => process.removeListener('unhandledRejection', unhandled));
  const registered = registry.register(orders, passing, signal).catch((thrown: unknown) => thrown);
  await registry.close();
  expect(await registered).toBeInstanceOf(Error);
  // Told of after the microtasks of the turn.
  await new Promise(setImmediate);
  expect(unhandled).not.toHaveBeenCalled();
});

it('holds a watched config while looks at entries take all connections of their own', async () => {
  let looks = 0;
  let whenAllLook: () => void = () => undefined;
  const allLook = new Promise<void>((resolve) => (whenAllLook = resolve));
  const address = await agent((request, response) => {
    if (request.url?.includes('/kv/')) response.setHeader('x-consul-index', '8').end('[]');
    else if (!request.url?.includes('/agent/service/orders-1')) response.end();
    else if ((looks += 1) === 4) whenAllLook();
  });
  const registry = consul({ endpoints: [address] });
  const source = consulKv('config/orders', { endpoints: [address] });
  cleanups.push(
    () => registry.close(),
    () => source.close(),
  );
  const registration = await registry.register(orders, passing, signal);
  const ended = Promise.allSettled(Array.from({ length: 6 }, () => registration.changed!(signal)));
  await allLook;
  expect((await source.poll('7', signal)).cursor).toBe('8');
  await registry.close();
  await ended;
});
