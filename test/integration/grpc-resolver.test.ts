import * as grpc from '@grpc/grpc-js';
import { afterEach, expect, it, vi } from 'vitest';
import { ConfigError } from '../../src/index.js';
import { registerResolver } from '../../src/integrations/grpc.js';
import { fakeResolver } from '../../src/integrations/testing/fake-resolver.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, later } from './fixtures/live.js';

afterEach(cleanUp);

const asTheyAre = (bytes: Buffer) => bytes;
const unary = { requestStream: false, responseStream: false, originalName: 'call' } as const;
const definition: grpc.ServiceDefinition = {
  call: {
    ...unary,
    path: '/test.Test/Call',
    requestSerialize: asTheyAre,
    requestDeserialize: asTheyAre,
    responseSerialize: asTheyAre,
    responseDeserialize: asTheyAre,
  },
};

interface Peer {
  readonly origin: string;
  calls: number;
  /** How it answers, `ok` by default; `hold` keeps calls until `release`. */
  mode: 'ok' | 'hold' | grpc.status;
  release(): void;
  readonly connections: () => number;
  stop(): void;
}

/** A real server, which answers with its port. */
async function peer(): Promise<Peer> {
  const server = new grpc.Server();
  const held: (() => void)[] = [];
  let opened = 0;
  const self: Peer = {
    origin: '',
    calls: 0,
    mode: 'ok',
    release: () => {
      for (const answer of held.splice(0)) answer();
    },
    connections: () => opened,
    stop: () => server.forceShutdown(),
  };
  const sessions = new Set<string>();
  server.addService(definition, {
    call: (call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) => {
      self.calls += 1;
      if (!sessions.has(call.getPeer())) opened += 1;
      sessions.add(call.getPeer());
      const answer = () => callback(null, Buffer.from(self.origin));
      if (self.mode === 'ok') answer();
      else if (self.mode === 'hold') held.push(answer);
      else callback({ code: self.mode });
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  later(() => self.stop());
  return Object.assign(self, { origin: `http://127.0.0.1:${port}` });
}

const peers = (count: number) => Promise.all(Array.from({ length: count }, peer));
const originsOf = (some: readonly Peer[]) => some.map(({ origin }) => origin);

function client(target = 'rollcall:///orders', options: grpc.ClientOptions = {}): () => Promise<string> {
  const made = new grpc.Client(target, grpc.credentials.createInsecure(), options);
  later(() => made.close());
  return () =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + 10_000;
      made.makeUnaryRequest('/test.Test/Call', asTheyAre, asTheyAre, Buffer.from('x'), { deadline }, (error, value) => {
        if (error) reject(error);
        else resolve(String(value));
      });
    });
}

function resolverOf(services: Parameters<typeof fakeResolver>[0]) {
  const resolver = fakeResolver(services);
  later(() => resolver.close());
  registerResolver(grpc, resolver);
  return resolver;
}

async function many(call: () => Promise<unknown>, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await call();
}

/** As a busy client: the balancer weighs the calls under way. */
async function crowd(call: () => Promise<unknown>, count = 300): Promise<void> {
  for (let at = 0; at < count; at += 30) await Promise.all(Array.from({ length: 30 }, call));
}

it('spreads calls over the instances of a service', async () => {
  const all = await peers(3);
  resolverOf({ orders: originsOf(all) });
  const call = client();
  await crowd(call);
  for (const each of all) each.calls = 0;
  await crowd(call);
  for (const { calls } of all) expect(calls).toBeGreaterThan(30);
});

it('keeps the connections of instances that stay, and sends none to one that has left while its calls finish', async () => {
  const all = await peers(3);
  const [first, second, leaver] = all as [Peer, Peer, Peer];
  const resolver = resolverOf({ orders: originsOf(all) });
  const call = client();
  await crowd(call);
  leaver.mode = 'hold';
  const before = leaver.calls;
  const held: Promise<string>[] = [];
  while (leaver.calls === before) {
    held.push(call());
    await new Promise((resolve) => setImmediate(resolve));
  }
  resolver.set('orders', originsOf([first, second]));
  await many(call, 5);
  const after = leaver.calls;
  await crowd(call);
  expect(leaver.calls).toBe(after);
  leaver.release();
  expect(await Promise.all(held)).toContain(leaver.origin);
  expect([first.connections(), second.connections()]).toEqual([1, 1]);
});

it('uses an instance that comes, and opens no second connection to the others', async () => {
  const [first, second] = (await peers(2)) as [Peer, Peer];
  const resolver = resolverOf({ orders: originsOf([first]) });
  const call = client();
  await many(call, 5);
  resolver.set('orders', originsOf([first, second]));
  await waitFor(async () => {
    await crowd(call, 30);
    return second.calls > 0;
  });
  expect(first.connections()).toBe(1);
});

it('sends little to an instance that answers UNAVAILABLE, and counts other statuses as answers', async () => {
  const [good, bad] = (await peers(2)) as [Peer, Peer];
  const resolver = resolverOf({ orders: originsOf([good, bad]) });
  const ejected: string[] = [];
  resolver.service('orders').events.on('ejected', ({ origin }) => ejected.push(origin));
  const call = client();
  const settled = () => call().catch(() => undefined);
  await crowd(call);
  bad.mode = grpc.status.NOT_FOUND;
  bad.calls = 0;
  await crowd(settled);
  expect([bad.calls > 10, ejected]).toEqual([true, []]);
  bad.mode = grpc.status.UNAVAILABLE;
  await waitFor(async () => {
    await crowd(settled, 30);
    return ejected.length > 0;
  });
  bad.calls = 0;
  await many(call, 200);
  expect([ejected, bad.calls]).toEqual([[bad.origin], 0]);
});

it('goes on with the others when an instance takes no connection', async () => {
  const all = await peers(2);
  const [good, gone] = all as [Peer, Peer];
  resolverOf({ orders: originsOf(all) });
  const call = client();
  await many(call, 20);
  gone.stop();
  await call().catch(() => undefined);
  for (let at = 0; at < 100; at += 1) expect(await call()).toBe(good.origin);
});

it('connects to a hundred instances at most, unless told otherwise', async () => {
  const [only] = (await peers(1)) as [Peer];
  const port = Number(new URL(only.origin).port);
  // Each loopback address is another instance to a client.
  const origins = Array.from({ length: 130 }, (_, at) => `http://127.0.1.${at + 1}:${port}`);
  const resolver = resolverOf({ orders: origins });
  const chosen = new Set(Array.from({ length: 3_000 }, () => resolver.service('orders').pick().instance.id));
  expect(chosen.size).toBeLessThanOrEqual(100);
});

it('ends calls with UNAVAILABLE where there is no instance, and serves again with the first one', async () => {
  const [first] = (await peers(1)) as [Peer];
  const resolver = resolverOf({ orders: [] });
  const call = client();
  await expect(call()).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE, details: /orders/ });
  resolver.set('orders', [first.origin]);
  await waitFor(async () => (await call().catch(() => undefined)) === first.origin);
});

it('gives a service its options, and refuses wrong ones at once', async () => {
  const all = await peers(3);
  const [tagged, ...others] = all as [Peer, Peer, Peer];
  const at = ({ origin }: Peer) => ({ address: '127.0.0.1', port: Number(new URL(origin).port) });
  const orders = [...others.map(at), { ...at(tagged), tags: ['v2'] }];
  const resolver = fakeResolver({ orders, billing: orders });
  later(() => resolver.close());
  expect(() => registerResolver(grpc, resolver, { services: { orders: { zone: '' } } })).toThrow(ConfigError);
  registerResolver(grpc, resolver, { services: { orders: { tags: ['v2'] } } });
  await crowd(client());
  expect(others.map(({ calls }) => calls)).toEqual([0, 0]);
  await crowd(client('rollcall:///billing'));
  for (const { calls } of all) expect(calls).toBeGreaterThan(0);
});

it('is not asked by a client that the environment sends through a proxy, unless the client wants none', async () => {
  const [first] = (await peers(1)) as [Peer];
  resolverOf({ orders: [first.origin] });
  vi.stubEnv('grpc_proxy', 'http://127.0.0.1:9');
  later(() => vi.unstubAllEnvs());
  const proxied = client();
  const direct = client('rollcall:///orders', { 'grpc.enable_http_proxy': 0 });
  await expect(proxied()).rejects.toMatchObject({ code: grpc.status.UNAVAILABLE });
  expect(await direct()).toBe(first.origin);
  vi.stubEnv('no_grpc_proxy', 'orders');
  expect(await client()()).toBe(first.origin);
});

it('takes a service config that names the policy, and refuses one that does not', async () => {
  const [first] = (await peers(1)) as [Peer];
  resolverOf({ orders: [first.origin] });
  const methodConfig = [{ name: [{}], waitForReady: true }];
  const own = { methodConfig, loadBalancingConfig: [{ rollcall: {} }] };
  expect(await client('rollcall:///orders', { 'grpc.service_config': JSON.stringify(own) })()).toBe(first.origin);
  const other = JSON.stringify({ methodConfig, loadBalancingConfig: [{ round_robin: {} }] });
  expect(() => client('rollcall:///orders', { 'grpc.service_config': other })).toThrow(ConfigError);
});
