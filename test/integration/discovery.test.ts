import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { afterEach, expect, inject, it } from 'vitest';
import { consul, fallback, memory } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import type { Resolver, ResolverOptions } from 'rollcall/discovery';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import {
  cleanUp,
  freshName,
  later,
  listeningServer,
  ownConsul,
  portOf,
  proxyBefore,
  registeredOn,
} from './fixtures/live.js';

const shared = inject('consulUrl');

afterEach(cleanUp);

/** Counts the connections that this process opens from now on; the function gives the most at any time. */
function countSockets(): () => number {
  const sockets = new Set<Socket>();
  let most = 0;
  const note = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    sockets.add(socket);
    most = Math.max(most, sockets.size);
    socket.once('close', () => sockets.delete(socket));
  };
  subscribe('net.client.socket', note);
  later(() => unsubscribe('net.client.socket', note));
  return () => most;
}

function open(options: ResolverOptions): Resolver {
  const resolver = createResolver({ logger: false, ...options });
  later(() => resolver.close());
  return resolver;
}

it('finds what a Registrar has registered, with an origin that answers and its zone', async () => {
  const name = freshName('found');
  await registeredOn(shared, { name, zone: 'eu-1a', tags: ['v2'] });
  const orders = open({ registry: consul({ endpoints: [shared] }) }).service(name, { tags: ['v2'] });
  const [found] = (await orders.ready()).instances;
  expect(found).toMatchObject({ zone: 'eu-1a', meta: { scheme: 'http', zone: 'eu-1a' } });
  expect((await fetch(found!.origin!)).status).toBe(200);
});

it('goes on with the last answer while Consul is down, and doubts what it says when it came back empty', async () => {
  const agent = await ownConsul();
  const raw = rawConsul(agent.url);
  later(() => raw.close());
  const name = freshName('outage');
  const put = async (id: string) => {
    const body = { ID: id, Name: name, Address: '10.0.0.1', Port: 3000 };
    expect((await raw.put('/v1/agent/service/register', body)).status).toBe(200);
  };
  // So many that the index of the agent is above what it is after the restart.
  for (let at = 0; at < 10; at += 1) await put(`${name}-${at}`);
  const orders = open({ registry: consul({ endpoints: [agent.url] }) }).service(name);
  const events: string[] = [];
  for (const event of ['stale', 'recovered', 'doubted'] as const) orders.events.on(event, () => events.push(event));
  const before = (await orders.ready()).instances;
  expect(before).toHaveLength(10);

  await agent.restart();
  await waitFor(() => events.includes('doubted'), { timeoutMs: 20_000 });
  expect(events).toEqual(['stale', 'recovered', 'doubted']);
  expect(orders.snapshot()).toMatchObject({ source: 'live', presence: 'present', doubted: 10 });
  expect(orders.snapshot().instances).toEqual(before);
  // They come back one by one.
  for (let at = 0; at < 10; at += 1) await put(`${name}-${at}`);
  await waitFor(() => orders.snapshot().doubted === 0, { timeoutMs: 20_000 });
  expect(orders.snapshot().instances).toHaveLength(10);
});

it('reads the other registries of a chain while the first one is down', async () => {
  const door = await proxyBefore(shared);
  const name = freshName('chain');
  const second = memory();
  const signal = new AbortController().signal;
  const instance = { name, id: 'in-memory', address: '10.0.0.2', port: 1, tags: [], meta: {}, nonce: 'n' };
  const passing = { status: 'passing', reason: 'ok' } as const;
  await (await second.register({ ...instance, ttlMs: 60_000, checks: [] }, passing, signal)).renew(passing, signal);
  const { id } = await registeredOn(shared, { name });
  const orders = open({ registry: fallback([consul({ endpoints: [door.url] }), second]) }).service(name);
  const ids = () => orders.snapshot().instances.map((each) => each.id);
  await waitFor(() => ids().length === 2);
  expect(ids().sort()).toEqual([id, 'in-memory'].sort());
  await door.close();
  await waitFor(() => orders.snapshot().source === 'memory', { timeoutMs: 20_000 });
  await second.remove({ name, id: 'in-memory' }, signal);
  await waitFor(() => ids().join() === id, { timeoutMs: 20_000 });
});

it('sees changes of more services than it has long polls, over eight connections', async () => {
  const raw = rawConsul(shared);
  later(() => raw.close());
  const names = Array.from({ length: 12 }, () => freshName('many'));
  const put = async (id: string, check?: object) => {
    later(() => raw.put(`/v1/agent/service/deregister/${id}`));
    const body = { ID: id, Name: id.slice(0, -2), Address: '10.0.0.1', Port: 3000, ...(check && { Check: check }) };
    expect((await raw.put('/v1/agent/service/register', body)).status).toBe(200);
  };
  for (const name of names) await put(`${name}-1`, { CheckID: `check of ${name}`, Status: 'passing', TTL: '600s' });
  const mostSockets = countSockets();
  const resolver = open({ registry: consul({ endpoints: [shared] }) });
  const services = names.map((name) => resolver.service(name));
  await waitFor(() => services.every((service) => service.snapshot().source === 'live'), { timeoutMs: 10_000 });
  const counts = () => services.map((service) => service.snapshot().instances.length);
  // A feed names the first, and none names the second.
  expect((await raw.put(`/v1/agent/check/fail/${encodeURIComponent(`check of ${names[7]}`)}`)).status).toBe(200);
  await waitFor(() => counts()[7] === 0, { timeoutMs: 10_000 });
  for (const name of names) await put(`${name}-2`);
  await waitFor(() => counts().every((count, at) => count === (at === 7 ? 1 : 2)), { timeoutMs: 20_000 });
  expect(mostSockets()).toBeGreaterThan(3);
  expect(mostSockets()).toBeLessThanOrEqual(8);
  // Four that remain are watched by a long poll each again.
  for (const service of services.slice(4)) service.close();
  expect((await raw.put(`/v1/agent/service/deregister/${names[0]}-2`)).status).toBe(200);
  await waitFor(() => counts()[0] === 1, { timeoutMs: 10_000 });
});

it('never holds the process open, whatever it watches', async () => {
  // Answers nothing.
  const port = portOf(await listeningServer(() => undefined));
  const code = `
    const { consul } = require('rollcall');
    const { createResolver } = require('rollcall/discovery');
    const resolver = createResolver({ registry: consul({ endpoints: ['http://127.0.0.1:${port}'] }), logger: false });
    resolver.service('orders');`;
  const outcome = await new Promise((resolve) => {
    execFile(process.execPath, ['--eval', code], { timeout: 20_000 }, (error) => resolve(error));
  });
  expect(outcome).toBeNull();
});
