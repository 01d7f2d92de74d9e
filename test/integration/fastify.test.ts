import dns from 'node:dns';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { hasCode } from 'rollcall';
import type { RegistrarOptions } from 'rollcall';
import rollcall from 'rollcall/fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { recordEvents } from '../support/record-events.js';
import { waitFor } from '../support/wait-for.js';
import { brisk, httpCaller, roster } from './fixtures/in-memory.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

afterEach(cleanUp);

/** An app with the plugin, and the registry it is in. */
async function appWith(options: RegistrarOptions = {}, app = Fastify() as FastifyInstance) {
  const { registry, passing } = roster();
  const name = freshName('fastify');
  later(() => app.close().catch(() => undefined));
  await app.register(rollcall, { ...brisk, name, registry, ...options });
  const events = recordEvents(app.registrar);
  return {
    app,
    events,
    passing: () => passing(name),
    async listen() {
      await app.listen({ port: 0, host: '127.0.0.1' });
      await events.next('registered');
      return (app.server.address() as AddressInfo).port;
    },
  };
}

describe('the Fastify plugin', () => {
  it('registers the port the app listens on, and is out before the app is closed', async () => {
    const { app, listen, passing } = await appWith();
    const atClose = new Promise((resolve) => {
      app.addHook('preClose', async () => resolve(await passing()));
    });
    const port = await listen();
    expect(app.registrar.instance?.port).toBe(port);
    expect(await passing()).toEqual([app.registrar.instance?.id]);
    await app.close();
    expect(await atClose).toEqual([]);
    expect(app.registrar.state).toBe('stopped');
    expect(app.server.listening).toBe(false);
  });

  it('drains the server of every address that localhost has (fastify/fastify#7043)', async () => {
    const { lookup } = dns;
    // Fastify alone asks for all of them.
    vi.spyOn(dns, 'lookup').mockImplementation(((
      host: string,
      options: dns.LookupAllOptions,
      done: (...found: unknown[]) => void,
    ) => {
      if (options.all && host === 'localhost')
        done(
          null,
          ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, family: 4 })),
        );
      else lookup(host, options, done);
    }) as never);
    later(() => vi.restoreAllMocks());
    const { app, events } = await appWith({ health: { path: '/health' } });
    let answer = () => {};
    app.get('/slow', (_request, reply) => {
      answer = () => void reply.send('late');
    });
    await app.listen({ port: 0 });
    await events.next('registered');
    const { port } = app.server.address() as AddressInfo;
    const second = `http://127.0.0.2:${port}`;
    expect((await fetch(`${second}/health/ready`)).status).toBe(200);
    const slow = fetch(`${second}/slow`);
    await waitFor(() => app.registrar.status().requestsInFlight === 1);
    const closing = app.close();
    await waitFor(() => !app.server.listening);
    answer();
    const answered = await slow;
    expect([await answered.text(), answered.headers.get('connection')]).toEqual(['late', 'close']);
    await closing;
    expect(app.registrar.state).toBe('stopped');
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
    await expect(fetch(second)).rejects.toThrow('fetch failed');
  });

  it('holds up neither ready() nor inject(), and an app that never listens closes', async () => {
    const { app, passing } = await appWith();
    app.get('/', () => 'here');
    await app.ready();
    expect((await app.inject('/')).body).toBe('here');
    expect(app.registrar.state).toBe('waiting');
    expect(await passing()).toEqual([]);
    await app.close();
    expect(app.registrar.state).toBe('stopped');
  });

  it('lets an app close before it was ever ready', async () => {
    const app = Fastify();
    let closed = false;
    app.addHook('onClose', async () => {
      closed = true;
    });
    void app.register(rollcall, { ...brisk, name: 'early', registry: roster().registry });
    await app.close();
    expect(closed).toBe(true);
  });

  it('rejects with every problem of its options, and the process lives on', async () => {
    const app = Fastify();
    const registering = app.register(rollcall, { ...brisk, name: '', port: 0 });
    const error: unknown = await Promise.resolve(registering).catch((thrown: unknown) => thrown);
    expect(hasCode(error, 'ROLLCALL_CONFIG')).toBe(true);
    expect(String(error)).toMatch(/name[^]*port/);
  });

  it("writes to the app's own log", async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const app = Fastify({ logger: { stream } });
    later(() => app.close());
    await app.register(rollcall, { name: 'told', registry: roster().registry, shutdown: brisk.shutdown });
    await app.listen({ port: 0, host: '127.0.0.1' });
    await waitFor(() => lines.some((line) => line.includes(app.registrar.instance!.id)));
  });

  it('is silent when told so, whatever the app logs', async () => {
    const lines: string[] = [];
    const app = Fastify({
      loggerInstance: Object.assign(Fastify().log, { info: (...line: unknown[]) => lines.push(JSON.stringify(line)) }),
    });
    const { listen } = await appWith({ logger: false }, app as unknown as FastifyInstance);
    await listen();
    await app.close();
    expect(lines.filter((line) => !line.includes('Server listening'))).toEqual([]);
  });

  it('puts back what it took: the server has the listeners it had', async () => {
    const plain = Fastify();
    await plain.listen({ port: 0, host: '127.0.0.1' });
    const { app, listen } = await appWith();
    await listen();
    await Promise.all([app.close(), plain.close()]);
    const counts = (each: FastifyInstance) =>
      Object.fromEntries(each.server.eventNames().map((name) => [String(name), each.server.listenerCount(name)]));
    expect(counts(app)).toEqual(counts(plain));
    expect(Object.hasOwn(app.server, 'emit') || Object.hasOwn(app.server, 'close')).toBe(false);
  });

  it('works from inside a context of its own', async () => {
    const app = Fastify();
    const { registry, passing } = roster();
    const name = freshName('inside');
    let inner: FastifyInstance | undefined;
    await app.register(async (context) => {
      inner = context;
      await context.register(rollcall, { ...brisk, name, registry });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    await waitFor(async () => (await passing(name)).length === 1);
    await app.close();
    expect(inner?.registrar.state).toBe('stopped');
    expect(await passing(name)).toEqual([]);
  });
});

describe('closing a Fastify app', () => {
  const serving: RegistrarOptions = { shutdown: { ...brisk.shutdown, drain: { min: '500ms', quiet: 0, max: '2s' } } };

  it('serves on while it drains, asking callers to close their connections', async () => {
    const { app, events, listen } = await appWith(serving);
    app.get('/', () => 'still here');
    const ask = httpCaller(await listen());
    expect(await ask('/')).toMatchObject({ status: 200, connection: 'keep-alive' });
    const closing = app.close();
    await events.next('deregistered');
    expect(await ask('/')).toEqual({ status: 200, connection: 'close', body: 'still here' });
    await closing;
    await expect(ask('/')).rejects.toThrow('ECONNREFUSED');
  });

  it('lets a request in flight end', async () => {
    const { app, events, listen } = await appWith();
    let answer = (_text: string) => {};
    app.get('/slow', () => new Promise<string>((resolve) => (answer = resolve)));
    const ask = httpCaller(await listen());
    const arrived = once(app.server, 'request');
    const answered = ask('/slow');
    await arrived;
    const closing = app.close();
    await events.next('deregistered');
    await waitFor(() => !app.server.listening);
    answer('at last');
    expect(await answered).toMatchObject({ status: 200, body: 'at last' });
    await closing;
  });

  it('happens once, however many ask for it and how', async () => {
    const { app, listen } = await appWith(serving);
    let hooks = 0;
    app.addHook('onClose', async () => {
      hooks += 1;
    });
    let child: FastifyInstance | undefined;
    await app.register(async (context) => {
      child = context;
    });
    await listen();
    const first = app.close();
    expect(app.close()).toBe(first);
    await Promise.all([
      first,
      child?.close(),
      app[Symbol.asyncDispose](),
      new Promise<void>((resolve) => {
        app.close(resolve);
      }),
      app.registrar.stop(),
    ]);
    expect(hooks).toBe(1);
    expect(app.registrar.state).toBe('stopped');
  });

  it('runs all its hooks when the Registrar is stopped, as a signal does', async () => {
    const { app, events, listen } = await appWith();
    const order: string[] = [];
    app.addHook('preClose', async () => {
      order.push('preClose');
    });
    app.addHook('onClose', async () => {
      order.push('onClose');
    });
    await listen();
    await app.registrar.stop();
    expect(order).toEqual(['preClose', 'onClose']);
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
    await app.close();
  });

  it("rejects with the error of one of the app's own hooks, also by callback", async () => {
    const { app, events, listen } = await appWith();
    app.addHook('onClose', async () => {
      throw new Error('the pool would not close');
    });
    await listen();
    await expect(app.close()).rejects.toThrow('the pool would not close');
    expect(events.of('stopped')[0]?.errors).toMatchObject([{ message: 'the pool would not close' }]);
    const told = await new Promise<unknown>((resolve) => {
      app.close(resolve as () => void);
    });
    expect(told).toMatchObject({ message: 'the pool would not close' });
  });

  it('leaves the registry first even by an original close that somebody kept', async () => {
    const app = Fastify();
    const kept = app.close.bind(app);
    const { passing, listen, events } = await appWith(serving, app);
    const atClose = new Promise((resolve) => {
      app.addHook('onClose', async () => resolve(await passing()));
    });
    await listen();
    await kept();
    expect(await atClose).toEqual([]);
    await events.next('stopped');
  });

  it('ends idle HTTP/2 sessions', async () => {
    const { app, listen } = await appWith({}, Fastify({ http2: true }) as unknown as FastifyInstance);
    app.get('/', () => 'two');
    const session = connect(`http://127.0.0.1:${await listen()}`);
    later(() => {
      session.destroy();
    });
    const stream = session.request({ ':path': '/' });
    await once(stream.resume(), 'close');
    const gone = once(session, 'close');
    await app.close();
    await gone;
  });
});

describe('the health paths of a Fastify app', () => {
  const health: RegistrarOptions = { health: { path: '/health' } };

  it('are answered by inject too, in routes that no host declared', async () => {
    const { app } = await appWith(health);
    expect(await app.inject('/health/live')).toMatchObject({ statusCode: 200, body: '{"status":"pass"}' });
    expect(await app.inject('/health')).toMatchObject({ statusCode: 503 });
    expect(await app.inject({ method: 'HEAD', url: '/health/ready' })).toMatchObject({ statusCode: 503, body: '' });
    expect((await app.inject('/healthy')).statusCode).toBe(404);
    expect((await app.inject('/health/other')).statusCode).toBe(404);
  });

  it('follow the instance over a socket: ready when registered, not while it drains, live throughout', async () => {
    const { app, events, listen } = await appWith({
      ...health,
      shutdown: { ...brisk.shutdown, drain: { min: '500ms', quiet: 0, max: '2s' } },
    });
    const ask = httpCaller(await listen());
    expect((await ask('/health/ready')).status).toBe(200);
    const closing = app.close();
    await events.next('draining');
    expect((await ask('/health/ready')).status).toBe(503);
    expect((await ask('/health/live')).status).toBe(200);
    await closing;
  });

  it('give way under inject to routes of the app, declared before or after', async () => {
    const before = Fastify();
    before.get('/health', () => 'mine');
    expect((await (await appWith(health, before)).app.inject('/health')).body).toBe('mine');

    const { app } = await appWith(health);
    app.get('/health', () => 'mine');
    app.get('/health/:what', () => 'mine too');
    app.get('/:number(^\\d+$)', () => 'a number');
    app.get('/*', () => 'all the rest');
    expect((await app.inject('/health')).body).toBe('mine');
    expect((await app.inject('/health/live')).json()).toEqual({ status: 'pass' });
    expect((await app.inject('/health/other')).body).toBe('mine too');
    expect((await app.inject('/12')).body).toBe('a number');
    expect((await app.inject('/other')).body).toBe('all the rest');
  });

  it('are not there when nobody asked for them', async () => {
    const { app } = await appWith();
    expect((await app.inject('/health')).statusCode).toBe(404);
  });

  it('may be anywhere', async () => {
    const { app } = await appWith({ health: { path: '/ops/v1.2/check' } });
    expect((await app.inject('/ops/v1.2/check/live')).statusCode).toBe(200);
    expect((await app.inject('/ops/v1x2/check/live')).statusCode).toBe(404);
    expect((await app.inject('/ops/v1.2/check')).statusCode).toBe(503);
    expect((await app.inject('/ops/v1.2/checks')).statusCode).toBe(404);
    const odd = await appWith({ health: { path: '/a:b/-c.d' } });
    expect((await odd.app.inject('/a:b/-c.d')).statusCode).toBe(503);
  });
});
