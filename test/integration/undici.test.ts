import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { Registrar, consul } from 'rollcall';
import { createResolver } from 'rollcall/discovery';
import { discover } from 'rollcall/undici';
import { undiciCopies } from '../support/undici-copies.js';
import { waitFor } from '../support/wait-for.js';
import { arrived, dispatcherOf, instanceOf, resolverOf } from './fixtures/undici.js';
import { cleanUp, freshName, later, quickStop } from './fixtures/live.js';

afterEach(cleanUp);

/** The error of undici, or what caused it where `fetch` wraps it. */
async function codeOf(rejecting: Promise<unknown>): Promise<unknown> {
  const error = (await rejecting.then(() => undefined).catch((reason: unknown) => reason)) as Error & { code?: string };
  return error.code ?? (error.cause as { code?: string } | undefined)?.code;
}

describe.each(undiciCopies)('undici $version', ({ undici }) => {
  it.each(['http://orders.service', 'http://ORDERS.Service', 'http://orders.service.', 'http://orders.service:8080'])(
    'sends each kind of request to an instance by %s, with the logical name as the host',
    async (url) => {
      const instance = await instanceOf();
      const dispatcher = dispatcherOf(undici, resolverOf(instance));
      const answer = String(instance.port);

      const { body } = await undici.request(`${url}/request`, { dispatcher });
      expect(await body.text()).toBe(answer);
      expect(await (await undici.fetch(`${url}/fetch`, { dispatcher })).text()).toBe(answer);
      let streamed = '';
      await undici.stream(`${url}/stream`, { dispatcher, method: 'GET' }, () => {
        return new Writable({
          write(chunk, _encoding, done) {
            streamed += String(chunk);
            done();
          },
        });
      });
      expect(streamed).toBe(answer);
      const pipeline = undici.pipeline(`${url}/pipeline`, { dispatcher, method: 'POST' }, (data) => data.body);
      expect(await text(Readable.from(['text']).pipe(pipeline))).toBe(answer);

      expect(instance.requests.map((each) => each.url)).toEqual(['/request', '/fetch', '/stream', '/pipeline']);
      expect([...new Set(instance.requests.map(({ host }) => host))]).toEqual([new URL(url).host]);
      expect(instance.requests.at(-1)?.body).toBe('text');
    },
  );

  it('upgrades a connection to an instance', async () => {
    const instance = await instanceOf();
    instance.server.on('upgrade', (request, socket) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n`);
      socket.end(request.headers.host);
    });
    const dispatcher = dispatcherOf(undici, resolverOf(instance));
    const { socket } = await undici.upgrade('http://orders.service', { dispatcher, protocol: 'echo' });
    expect(await text(socket)).toBe('orders.service');
  });

  it.each([
    ['an object', { host: 'mine.example' }],
    ['a flat list', ['Host', 'mine.example']],
    ['pairs', new Map([['HOST', 'mine.example']])],
  ])('leaves the Host of the caller alone in %s', async (_, headers) => {
    const instance = await instanceOf();
    const dispatcher = dispatcherOf(undici, resolverOf(instance));
    await dispatcher.request({ origin: 'http://orders.service', path: '/', method: 'GET', headers });
    expect(instance.requests[0]?.host).toBe('mine.example');
  });

  it('leaves other hosts alone', async () => {
    const instance = await instanceOf();
    const dispatcher = dispatcherOf(undici, resolverOf());
    const { body } = await undici.request(`http://localhost:${String(instance.port)}`, { dispatcher });
    expect(await body.text()).toBe(String(instance.port));
    expect(instance.requests[0]?.host).toBe(`localhost:${String(instance.port)}`);
  });

  it.each(['http://unknown.service', 'http://a.b.service', 'https://orders.service', 'http://.service'])(
    'fails for %s, which has no instance, without asking DNS',
    async (url) => {
      const dispatcher = dispatcherOf(undici, resolverOf());
      expect(await codeOf(undici.request(url, { dispatcher }))).toBe('ROLLCALL_NO_INSTANCE');
      expect(await codeOf(undici.fetch(url, { dispatcher }))).toBe('ROLLCALL_NO_INSTANCE');
    },
  );

  it('looks up a hundred names by URL, and those of the options beside them', async () => {
    const instance = await instanceOf();
    const resolver = resolverOf();
    resolver.set('Listed', [instance.origin]);
    const agent = new undici.Agent();
    later(() => agent.destroy());
    const dispatcher = agent.compose(discover(resolver, { services: { Listed: { balance: 'random' } } }));
    for (let at = 1; at <= 100; at += 1)
      await expect(undici.request(`http://s${String(at)}.service`, { dispatcher })).rejects.toThrow(/^s\d+/);
    await expect(undici.request('http://s101.service', { dispatcher })).rejects.toThrow(/100 other services/);
    resolver.set('s100', [instance.origin]);
    await undici.request('http://s100.service', { dispatcher });
    await undici.request('http://listed.service', { dispatcher });
    expect(arrived(instance)).toBe(2);
  });

  it('closes idle connections to an instance that leaves, and lets requests finish', async () => {
    const [staying, idle] = [await instanceOf(), await instanceOf()];
    let release = () => {};
    const busy = await instanceOf((_, response) => {
      response.write('first ');
      release = () => response.end('second');
    });
    const resolver = resolverOf(staying, idle);
    const dispatcher = dispatcherOf(undici, resolver, { connections: 1 });
    const call = async () => (await undici.request('http://orders.service', { dispatcher })).body;
    while (arrived(idle) === 0 || arrived(staying) === 0) await (await call()).text();
    expect([staying.sockets.size, idle.sockets.size]).toEqual([1, 1]);

    resolver.set('orders', [staying.origin, busy.origin]);
    await waitFor(() => idle.sockets.size === 0, { timeoutMs: 5_000 });
    expect(staying.sockets.size).toBe(1);

    resolver.set('orders', [busy.origin]);
    const underWay = await call();
    resolver.set('orders', [idle.origin]);
    const seen = arrived(idle);
    await (await call()).text();
    expect(arrived(idle)).toBe(seen + 1);
    expect([staying.sockets.size, busy.sockets.size]).toEqual([0, 1]);
    release();
    expect(await underWay.text()).toBe('first second');
    await waitFor(() => busy.sockets.size === 0, { timeoutMs: 5_000 });

    // One that comes back is called as before.
    resolver.set('orders', [staying.origin]);
    await (await call()).text();
    expect(staying.sockets.size).toBe(1);
  });

  it('keeps connections that another service uses', async () => {
    const instance = await instanceOf();
    const resolver = resolverOf(instance);
    resolver.set('invoices', [instance.origin]);
    const dispatcher = dispatcherOf(undici, resolver, { connections: 1 });
    for (const name of ['orders', 'invoices'])
      await (await undici.request(`http://${name}.service`, { dispatcher })).body.text();
    resolver.set('orders', []);
    await (await undici.request('http://invoices.service', { dispatcher })).body.text();
    expect(instance.connections).toBe(1);
  });

  it('opens the connections that the Agent would, tells of them, and closes them with it', async () => {
    const instances = [await instanceOf(), await instanceOf()];
    const dispatcher = dispatcherOf(undici, resolverOf(...instances), { connections: 2 });
    const events: string[] = [];
    dispatcher.on('connect', (origin) => events.push(`connect ${new URL(String(origin)).origin}`));
    dispatcher.on('disconnect', (origin) => events.push(`disconnect ${new URL(String(origin)).origin}`));
    const call = async () => (await undici.request('http://orders.service', { dispatcher })).body.text();
    await Promise.all(Array.from({ length: 50 }, call));
    expect(instances.map(({ sockets }) => sockets.size)).toEqual([2, 2]);
    await dispatcher.close();
    await waitFor(() => instances.every(({ sockets }) => sockets.size === 0), { timeoutMs: 5_000 });
    const both = instances.flatMap(({ origin }) => [origin, origin]).sort();
    expect(events.filter((each) => each.startsWith('connect ')).sort()).toEqual(both.map((each) => `connect ${each}`));
    expect(events.filter((each) => each.startsWith('disc')).sort()).toEqual(both.map((each) => `disconnect ${each}`));
  });

  it('goes on where connections end one by one', async () => {
    const instance = await instanceOf();
    const dispatcher = dispatcherOf(undici, resolverOf(instance));
    const call = async () => (await undici.request('http://orders.service', { dispatcher })).body.text();
    await Promise.all([call(), call(), call()]);
    expect(instance.sockets.size).toBe(3);
    for (const socket of [...instance.sockets]) {
      const ended = once(socket, 'close');
      socket.end();
      await ended;
      expect(await call()).toBe(String(instance.port));
    }
  });

  it('waits for the first answer about a service', async () => {
    const name = freshName('undici');
    const instance = await instanceOf();
    const registry = consul({ endpoints: [inject('consulUrl')] });
    const { port } = instance;
    const registrar = new Registrar({ name, address: '127.0.0.1', port, registry, logger: false, shutdown: quickStop });
    later(() => registrar.stop());
    await registrar.start();
    const resolver = createResolver({ registry: consul({ endpoints: [inject('consulUrl')] }), logger: false });
    later(() => resolver.close());
    const dispatcher = dispatcherOf(undici, resolver);
    const { body } = await undici.request(`http://${name}.service`, { dispatcher });
    expect(await body.text()).toBe(String(port));
    const absent = freshName('absent');
    expect(await codeOf(undici.request(`http://${absent}.service`, { dispatcher }))).toBe('ROLLCALL_NO_INSTANCE');
  });
});
