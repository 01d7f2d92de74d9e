import { createServer } from 'node:http';
import { afterEach, describe, expect, inject, it } from 'vitest';
import {
  catalogOf,
  cleanUp,
  freshName,
  later,
  listeningServer,
  portOf,
  proxyBefore,
  registeredOn,
  registrarOn,
} from './fixtures/live.js';
import { watchService } from './fixtures/watching.js';
import { waitFor } from '../support/wait-for.js';

const url = inject('consulUrl');

afterEach(cleanUp);

describe('the way into the registry', () => {
  it('leads through readiness: nobody sees the service before its gate opens', async () => {
    const name = freshName('gate');
    const catalog = catalogOf(url);
    let open = false;
    let asked = 0;
    const ready = () => {
      asked += 1;
      return open;
    };
    const { registrar, events } = registrarOn(url, { name, ready });
    const watching = watchService(catalog, name);
    void registrar.bind(await listeningServer()).start();
    await waitFor(() => asked >= 3);
    expect(registrar.state).toBe('waiting');
    expect(watching.seen).toEqual(['absent']);
    open = true;
    await events.next('registered');
    await waitFor(() => watching.seen.at(-1) === 'passing');
    // Critical first: the first heartbeat is what makes it pass.
    expect((await watching.stop()).filter((sight) => sight !== 'not passing')).toEqual(['absent', 'passing']);
  });

  it('ends in an entry that says what was asked for, under the id and the port that the server really has', async () => {
    const name = freshName('entry');
    const { id, server } = await registeredOn(url, {
      name,
      tags: ['v1', 'blue'],
      meta: { team: 'warehouse' },
      weights: { passing: 7, warning: 2 },
    });
    const [entry, ...others] = await catalogOf(url).entries(name);
    expect(others).toEqual([]);
    expect(id).toContain(String(portOf(server)));
    expect(entry!.Service).toMatchObject({
      ID: id,
      Address: '127.0.0.1',
      Port: portOf(server),
      Tags: ['v1', 'blue'],
      Meta: { team: 'warehouse' },
      Weights: { Passing: 7, Warning: 2 },
    });
  });

  it('sends no field that was not set, and warns of a name that DNS cannot carry', async () => {
    const proxy = await proxyBefore(url);
    const bodies: object[] = [];
    await proxy.intercept(({ path, body }) => {
      if (path.includes('/agent/service/register')) bodies.push(JSON.parse(body) as object);
      return undefined;
    });
    const name = `${freshName('under')}_score`;
    const { events } = await registeredOn(proxy.url, { name });
    expect(bodies.map((body) => Object.keys(body).sort())).toEqual([
      ['Address', 'Checks', 'ID', 'Meta', 'Name', 'Port', 'Tags'],
    ]);
    const corrected = name.replace('_', '-');
    expect(
      events
        .of('warning')
        .map(({ message }) => message)
        .filter((message) => message.includes('DNS')),
    ).toEqual([expect.stringMatching(new RegExp(`DNS cannot carry.*${corrected}`))]);
    expect(await catalogOf(url).passing(name)).toHaveLength(1);
  });

  it('gives every check an id of its own, and the HTTP check passes against the health path', async () => {
    const name = freshName('checks');
    const pace = { interval: '1s', timeout: '1s' } as const;
    const { id } = await registeredOn(url, { name, checks: { http: pace, tcp: pace, grpc: pace } });
    const catalog = catalogOf(url);
    const checks = await waitFor(async () => {
      const held = await catalog.checks(id);
      return held[`${id}:http`] === 'passing' && held[`${id}:tcp`] === 'passing' && held;
    });
    expect(checks).toEqual({
      [`${id}:ttl`]: 'passing',
      [`${id}:http`]: 'passing',
      [`${id}:tcp`]: 'passing',
      [`${id}:grpc`]: 'critical',
    });
  });
});

describe('an update', () => {
  it('of tags, meta and weights arrives, and readers never see the service fail meanwhile', async () => {
    const name = freshName('update');
    const catalog = catalogOf(url);
    const { registrar, events, id } = await registeredOn(url, { name, tags: ['v0'] });
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    const watching = watchService(catalogOf(url), name);
    await watching.looks(5);
    for (let round = 1; round <= 10; round += 1) {
      await registrar.update({
        tags: [`v${round}`],
        meta: { round: String(round) },
        weights: { passing: round, warning: 1 },
      });
      await watching.looks(5);
    }
    const wanted = { ID: id, Tags: ['v10'], Meta: { round: '10' }, Weights: { Passing: 10, Warning: 1 } };
    await waitFor(async () => (await catalog.entries(name))[0]?.Service.Tags[0] === 'v10');
    expect(await catalog.entries(name)).toMatchObject([{ Service: wanted }]);
    expect(await watching.stop()).toEqual(['passing']);
    expect(events.of('updated')).toHaveLength(10);
  });

  it('that the agent refuses is rejected with its words, and the old entry stays', async () => {
    const proxy = await proxyBefore(url);
    const name = freshName('refused-update');
    const { registrar } = await registeredOn(proxy.url, { name, tags: ['good'] });
    await proxy.intercept(({ path }) =>
      path.includes('/service/register')
        ? { status: 400, headers: { 'content-type': 'text/plain' }, body: 'Invalid service tag' }
        : undefined,
    );
    await expect(registrar.update({ tags: ['bad'] })).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_REJECTED',
      message: expect.stringContaining('Invalid service tag') as string,
    });
    expect(registrar.instance?.tags).toEqual(['good']);
    expect(registrar.state).toBe('registered');
    expect(await catalogOf(url).passing(name)).toMatchObject([{ Service: { Tags: ['good'] } }]);
  });
});

describe('many Registrars in one process', () => {
  it('share the agent without more than a few sockets each, and leave none behind', async () => {
    const proxy = await proxyBefore(url);
    const name = freshName('many');
    const many = await Promise.all(Array.from({ length: 20 }, () => registeredOn(proxy.url, { name })));
    const catalog = catalogOf(url);
    await waitFor(async () => (await catalog.passing(name)).length === 20);
    expect(new Set(many.map(({ id }) => id)).size).toBe(20);
    // A beat's, a verb's; and held looks, of which a process has four.
    expect(proxy.connections).toBeLessThanOrEqual(20 * 3);
    await Promise.all(many.map(({ registrar }) => registrar.stop()));
    await waitFor(() => proxy.connections === 0);
    expect(await catalog.entries(name)).toEqual([]);
  });
});

describe('a server that its host closes', () => {
  it('is out of the registry before its last request has been answered', async () => {
    const name = freshName('closed');
    let finish = () => {};
    const server = createServer((_request, response) => {
      finish = () => response.end('done');
    });
    later(() => server.closeAllConnections());
    server.listen(0, '127.0.0.1');
    const { registrar, events } = registrarOn(url, { name });
    void registrar.bind(server).start();
    await events.next('registered');
    const answered = fetch(`http://127.0.0.1:${portOf(server)}/`).then((response) => response.text());
    await waitFor(() => registrar.status().requestsInFlight === 1);
    server.close();
    expect((await events.next('deregistered')).confirmed).toBe(true);
    expect(await catalogOf(url).entries(name)).toEqual([]);
    finish();
    expect(await answered).toBe('done');
    await events.next('stopped');
  });
});
