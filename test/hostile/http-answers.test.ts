import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { getActiveResourcesInfo } from 'node:process';
import { consul, etcd } from 'rollcall';
import type { Registry, ServiceInstance } from 'rollcall';
import { ping } from 'rollcall/components';
import { afterEach, describe, expect, it } from 'vitest';
import { inspectContainer } from '../../src/instance/docker-engine.js';
import { cleanUp, later } from '../integration/fixtures/live.js';
import { waitFor } from '../support/wait-for.js';

afterEach(cleanUp);

const passing = { status: 'passing', reason: 'ok' } as const;
const ok = 'HTTP/1.1 200 OK\r\n';
const DEADLINE_MS = 300;
/** What the pools of all clients may keep. */
const IDLE_SOCKETS = 20;

/** What a server may write to each request in place of an answer, and whether it closes the connection then. */
const answers: Readonly<Record<string, { readonly text: string; readonly ends?: true }>> = {
  'switches protocols': { text: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: evil\r\n\r\n' },
  'switches to a tunnel': {
    text: 'HTTP/1.1 200 Connection established\r\nConnection: Upgrade\r\nUpgrade: evil\r\n\r\n',
  },
  'closes early': { text: '', ends: true },
  'closes in the head': { text: 'HTTP/1.1 200 O', ends: true },
  'closes in the body': { text: `${ok}Content-Length: 100\r\n\r\n{"half`, ends: true },
  'closes in a chunk': { text: `${ok}Transfer-Encoding: chunked\r\n\r\n64\r\n{"half`, ends: true },
  'says nothing': { text: '' },
  'stops in the head': { text: 'HTTP/1.1 200 O' },
  'stops in the body': { text: `${ok}Content-Length: 100\r\n\r\n{"half` },
  'stops in the trailers': { text: `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx: y\r\n` },
  'has interim answers alone': { text: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50) },
  'is too long for its length': { text: `${ok}Content-Length: 2\r\n\r\n{}{}{}` },
  'is no HTTP': { text: '+PONG\r\n' },
};

/** A server that writes that to each request, until it is told to answer well. */
async function serverOf({ text, ends }: { readonly text: string; readonly ends?: true }) {
  const sockets = new Set<Socket>();
  const state = { isWell: false };
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.on('data', () => {
      if (state.isWell) socket.write(`${ok}Content-Length: 0\r\n\r\n`);
      else if (ends) socket.end(text);
      else socket.write(text);
    });
  });
  later(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, sockets, state };
}

const instance: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  address: '127.0.0.1',
  port: 1,
  tags: [],
  meta: {},
  nonce: 'n',
  ttlMs: 10_000,
  checks: [],
};

/** Every kind of request of ours, as one that gets a signal. */
type Ask = (signal: AbortSignal) => Promise<unknown>;

async function consulAsks(port: number, state: { isWell: boolean }): Promise<Record<string, Ask>> {
  const registry: Registry = consul({ endpoints: [`http://127.0.0.1:${port}`] });
  later(() => registry.close());
  state.isWell = true;
  const registration = await registry.register(instance, passing, new AbortController().signal);
  state.isWell = false;
  return {
    'Consul, a beat': (signal) => registration.renew(passing, signal),
    'Consul, a look': (signal) => registry.read(instance, signal),
    'Consul, a batch look': (signal) => registration.presence!.present([instance], signal),
    'Consul, a long poll': (signal) => registration.changed!(signal),
    'Consul, a list': (signal) => registry.discovery!.poll('orders', undefined, signal),
    'Consul, a registration': (signal) => registry.register(instance, passing, signal),
  };
}

async function asksOf(port: number, state: { isWell: boolean }): Promise<Record<string, Ask>> {
  const inEtcd = etcd({ endpoints: [`http://127.0.0.1:${port}`] });
  later(() => inEtcd.close());
  const engine = { host: '127.0.0.1', port, shown: 'the engine' };
  return {
    ...(await consulAsks(port, state)),
    'etcd, a look': (signal) => inEtcd.read(instance, signal),
    'etcd, a list': (signal) => inEtcd.discovery!.poll('orders', undefined, signal),
    'etcd, a registration': (signal) => inEtcd.register(instance, passing, signal),
    'the Docker Engine': (signal) => inspectContainer(engine, 'abc', signal),
    'a component': async (signal) => {
      const { status } = (await ping(`http://127.0.0.1:${port}`).run(signal)) as { status: string };
      if (status === 'critical') throw new Error('critical');
    },
  };
}

/** Listeners of a signal, which `AbortSignal` does not count itself. */
function countingSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listeners += 1;
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listeners -= 1;
    remove(...args);
  };
  return { controller, signal, listeners: () => listeners };
}

describe.each(Object.entries(answers))('an answer that %s', (_what, answer) => {
  it('is over at the deadline at the latest, whatever asks, and nothing of it stays', async () => {
    const { port, sockets, state } = await serverOf(answer);
    const asks = Object.entries(await asksOf(port, state));
    const outcomes = await Promise.all(
      asks.map(async ([name, ask]) => {
        const { controller, signal, listeners } = countingSignal();
        const deadline = setTimeout(() => controller.abort(new Error('deadline')), DEADLINE_MS);
        const outcome = await Promise.race([
          ask(signal).then(
            () => 'answered',
            (error: unknown) => (error instanceof Error ? 'rejected' : String(error)),
          ),
          // Ten times the deadline, for a machine that is busy.
          new Promise((resolve) => setTimeout(resolve, 10 * DEADLINE_MS, 'pending').unref()),
        ]);
        clearTimeout(deadline);
        return { name, outcome, listeners: listeners() };
      }),
    );
    for (const { name, outcome, listeners } of outcomes) {
      if (name === 'a component') expect(outcome).not.toBe('pending');
      else expect([name, outcome, listeners]).toEqual([name, 'rejected', 0]);
    }
    await waitFor(() => sockets.size <= IDLE_SOCKETS);
    // The connections are usable again as soon as the server is well.
    state.isWell = true;
    const { 'Consul, a beat': beat } = await consulAsks(port, state);
    state.isWell = true;
    await beat!(new AbortController().signal);
  });
});

describe('a thousand answers of each kind', () => {
  it.each(['switches protocols', 'closes in the body', 'is too long for its length', 'has interim answers alone'])(
    'that %s leave no socket, and no request in flight',
    async (what) => {
      const { port, sockets, state } = await serverOf(answers[what]!);
      const { 'Consul, a beat': beat, 'Consul, a look': look } = await consulAsks(port, state);
      const { controller, signal, listeners } = countingSignal();
      const socketsOfOurs = () => getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
      const before = socketsOfOurs();
      let rejected = 0;
      for (let round = 0; round < 100; round += 1)
        await Promise.all(
          Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? beat! : look!)(signal).catch(() => (rejected += 1))),
        );
      expect(rejected).toBe(1_000);
      expect(listeners()).toBe(0);
      await waitFor(() => sockets.size === 0 && socketsOfOurs() <= before);
      controller.abort();
    },
  );
});
