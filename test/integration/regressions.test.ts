// What hurt users of other libraries, each on a real agent: the name says what must never happen.
import { createServer } from 'node:http';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { MemoryLogger } from '../unit/telemetry/memory-logger.js';
import { waitFor } from '../support/wait-for.js';
import {
  catalogOf,
  cleanUp,
  freshName,
  later,
  listeningServer,
  ownConsul,
  portOf,
  proxyBefore,
  registeredOn,
  registrarOn,
} from './fixtures/live.js';
import { watchService } from './fixtures/watching.js';

const url = inject('consulUrl');
const text = { headers: { 'content-type': 'text/plain' } };
const isBeat = (path: string) => path.includes('/agent/check/update/');
const isHeldLook = (path: string) => path.includes('wait=');

afterEach(cleanUp);

describe('a lost registration', () => {
  it('is never left to an opt-in: the defaults bring it back, loss after loss', async () => {
    const name = freshName('defaults');
    const { events, id } = await registeredOn(url, { name });
    const catalog = catalogOf(url);
    for (let round = 1; round <= 5; round += 1) {
      await catalog.deregister(id);
      await events.next('recovered');
    }
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });

  it('never leaves a second heartbeat loop behind', async () => {
    const name = freshName('one-loop');
    const proxy = await proxyBefore(url);
    let beats = 0;
    await proxy.intercept(({ path }) => {
      if (isBeat(path)) beats += 1;
      return undefined;
    });
    const { events, id } = await registeredOn(proxy.url, { name, ttl: '3s', heartbeat: { interval: '500ms' } });
    for (let round = 1; round <= 5; round += 1) {
      await catalogOf(url).deregister(id);
      await events.next('recovered');
    }
    events.clear();
    beats = 0;
    const from = performance.now();
    for (let beat = 1; beat <= 6; beat += 1) await events.next('beat');
    // Two loops would need half the time. A slot may come early by three quarters of an interval.
    expect(performance.now() - from).toBeGreaterThan(3 * 500);
    expect(beats).toBe(6);
  });

  it('is never final for a service with an HTTP check that the agent reaped while it was critical', async () => {
    const name = freshName('reaped');
    let healthy = false;
    const server = await listeningServer((request, response) => {
      response.statusCode = request.url === '/probe' && !healthy ? 500 : 200;
      response.end();
    });
    const { registrar, events } = registrarOn(url, {
      name,
      ttl: '3s',
      checks: { http: { path: '/probe', interval: '1s', timeout: '1s' } },
    });
    void registrar.bind(server).start();
    const { instance } = await events.next('registered');
    const catalog = catalogOf(url);
    await waitFor(async () => (await catalog.checks(instance.id))[`${instance.id}:ttl`] === 'passing');
    expect(await catalog.passing(name)).toEqual([]);
    // What the agent's reaper does after a minute.
    await catalog.deregister(instance.id);
    await events.next('recovered');
    expect(await catalog.passing(name)).toEqual([]);
    healthy = true;
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });
});

describe('identity', () => {
  it('never has port 0: it is built after listening', async () => {
    const name = freshName('port-zero');
    const watching = watchService(catalogOf(url), name);
    const server = createServer();
    later(() => server.close());
    const { registrar, events } = registrarOn(url, { name });
    void registrar.bind(server).start();
    await watching.looks(5);
    expect(registrar.instance).toBeUndefined();
    server.listen(0, '127.0.0.1');
    const { instance } = await events.next('registered');
    expect(instance.port).toBe(portOf(server));
    expect(instance.id.endsWith(`-${portOf(server)}`)).toBe(true);
    const [entry, ...others] = await catalogOf(url).entries(name);
    expect([entry!.Service.Port, others]).toEqual([portOf(server), []]);
    await watching.stop();
  });

  it('never keeps an old definition because the id was registered already', async () => {
    const name = freshName('old-definition');
    const catalog = catalogOf(url);
    const server = await listeningServer();
    const old = {
      ID: name,
      Name: name,
      Address: '127.0.0.1',
      Port: portOf(server),
      Tags: ['old'],
      Meta: { release: 'old' },
      Checks: [{ CheckID: `${name}:ttl`, TTL: '60s', Status: 'passing' }],
    };
    await catalog.raw.put('/v1/agent/service/register', old);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    const { registrar, events } = registrarOn(url, { name, id: name, tags: ['new'] });
    void registrar.bind(server).start();
    await events.next('registered');
    const [entry, ...others] = await waitFor(
      async () => (await catalog.passing(name)).length === 1 && catalog.entries(name),
    );
    expect(others).toEqual([]);
    expect(entry!.Service.Tags).toEqual(['new']);
    expect(entry!.Service.Meta).not.toHaveProperty('release');
  });
});

describe('the heartbeat', () => {
  it('never lets the TTL run out while the app lives', async () => {
    const name = freshName('steady');
    const { events } = await registeredOn(url, { name, ttl: '2s' });
    const catalog = catalogOf(url);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    const watching = watchService(catalog, name);
    events.clear();
    for (let beat = 1; beat <= 7; beat += 1) await events.next('beat');
    expect(await watching.stop()).toEqual(['passing']);
  });

  it('is never a registration in disguise: it feeds the check that was registered, and writes nothing else', async () => {
    const name = freshName('no-rewrite');
    const proxy = await proxyBefore(url);
    const writes: string[] = [];
    await proxy.intercept(({ method, path }) => {
      if (method === 'PUT') writes.push(path);
      return undefined;
    });
    const { events, id } = await registeredOn(proxy.url, { name, ttl: '3s', heartbeat: { interval: '300ms' } });
    events.clear();
    writes.length = 0;
    for (let beat = 1; beat <= 5; beat += 1) await events.next('beat');
    expect(new Set(writes)).toEqual(new Set([`/v1/agent/check/update/${encodeURIComponent(`${id}:ttl`)}`]));
  });

  it.each([
    ['HTTP 500', { status: 500, body: 'boom' }],
    ['HTTP 400', { status: 400, body: 'bad' }],
    ['HTTP 429', { status: 429, body: 'Resource Exhausted' }],
    ['a redirect', { status: 302, body: '' }],
  ])('never ends because of one that was answered with %s', async (_, answer) => {
    const name = freshName('one-error');
    const proxy = await proxyBefore(url);
    const { registrar, events } = await registeredOn(proxy.url, { name, ttl: '6s', heartbeat: { interval: '300ms' } });
    await proxy.intercept(({ path }) => (isBeat(path) ? { ...text, ...answer } : undefined));
    for (let miss = 1; miss <= 3; miss += 1) await events.next('beatMissed');
    await proxy.intercept(() => undefined);
    events.clear();
    await events.next('beat');
    expect(registrar.state).toBe('registered');
    expect(await catalogOf(url).passing(name)).toHaveLength(1);
  });

  it('never believes what was true before an agent restart: it looks again', async () => {
    const agent = await ownConsul({ dataDir: true });
    const name = freshName('re-verify');
    const { events, id } = await registeredOn(agent.url, { name, ttl: '60s', heartbeat: { interval: '30s' } });
    const catalog = catalogOf(agent.url);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    await agent.kill();
    await events.next('beatMissed');
    await agent.restart();
    await events.next('beat', 20_000);
    // What is lost while the new agent settles is noticed, too, without a beat.
    await catalog.deregister(id);
    await events.next('recovered', 20_000);
  });

  it('never floods the log: an outage of many misses is a few lines', async () => {
    const name = freshName('quiet-log');
    const logger = new MemoryLogger();
    const proxy = await proxyBefore(url);
    const { events } = await registeredOn(proxy.url, { name, logger, ttl: '2s', heartbeat: { interval: '200ms' } });
    events.clear();
    const begun = logger.lines.length;
    for (let beat = 1; beat <= 5; beat += 1) await events.next('beat');
    expect(logger.lines.slice(begun)).toEqual([]);
    await proxy.refuse();
    for (let miss = 1; miss <= 15; miss += 1) await events.next('beatMissed');
    await events.next('lost');
    await proxy.pass();
    await events.next('recovered');
    for (let beat = 1; beat <= 3; beat += 1) await events.next('beat');
    // The first failure, the loss, the return.
    expect(logger.lines.slice(begun).map(({ level }) => level)).toEqual(['warn', 'warn', 'info']);
  });
});

describe('the token', () => {
  it('is never left out of any request', async () => {
    const name = freshName('token');
    const proxy = await proxyBefore(url);
    const without: string[] = [];
    const verbs = new Set<string>();
    await proxy.intercept(({ method, path, headers }) => {
      verbs.add(`${method} ${path.split(/[?]|[^/]*:ttl|\/token-/)[0]}${isHeldLook(path) ? ' held' : ''}`);
      if (headers['x-consul-token'] !== 'one-token') without.push(path);
      return undefined;
    });
    const { registrar, events, id } = await registeredOn(proxy.url, { name, ttl: '3s' }, 'one-token');
    await waitFor(() => proxy.inFlight > 0);
    await catalogOf(url).deregister(id);
    await events.next('recovered');
    await registrar.stop();
    expect(without).toEqual([]);
    expect([...verbs].join('\n')).toMatch(/update[^]*held[^]*deregister/);
  });
});

describe('a stop', () => {
  it('is never held up by a registry that is down, and the entry that returns with it never passes for longer than its TTL', async () => {
    const name = freshName('down-at-stop');
    const proxy = await proxyBefore(url);
    const shutdown = { signals: false, drain: { min: 0, quiet: 0, max: '1500ms' }, timeout: '4s' } as const;
    const { registrar, events } = await registeredOn(proxy.url, { name, ttl: '2s', shutdown });
    await proxy.refuse();
    await registrar.stop();
    expect(events.of('stopped')[0]!.tookMs).toBeLessThan(4_000 + 2_000);
    expect(events.of('deregistered')).toMatchObject([{ confirmed: false }]);
    await proxy.pass();
    const catalog = catalogOf(url);
    await waitFor(async () => (await catalog.passing(name)).length === 0);
    const watching = watchService(catalog, name);
    await watching.looks(50);
    expect(await watching.stop()).toEqual(['not passing']);
  });
});

describe('a check that was configured', () => {
  it('is never replaced by a derived one: an absolute URL is probed as it is', async () => {
    const name = freshName('absolute-url');
    const probed: string[] = [];
    const elsewhere = await listeningServer((request, response) => {
      probed.push(request.url ?? '');
      response.end();
    });
    const path = `http://127.0.0.1:${portOf(elsewhere)}/is/it/up?deep=1`;
    await registeredOn(url, {
      name,
      health: { path: '/health' },
      checks: { http: { path, interval: '1s', timeout: '1s' } },
    });
    const catalog = catalogOf(url);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    expect(new Set(probed)).toEqual(new Set(['/is/it/up?deep=1']));
  });
});
