import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';

const consulUrl = inject('consulUrl');
const consul = rawConsul(consulUrl);
const servers: Server[] = [];
const registered: string[] = [];

afterAll(async () => {
  await killForkedServices();
  await Promise.all(registered.map((id) => consul.put(`/v1/agent/service/deregister/${id}`)));
  consul.close();
  for (const server of servers) server.close();
});

/** Starts an example; resolves to where it listens. */
async function start(example: string, env: Readonly<Record<string, string>>) {
  const own = { CONSUL_HTTP_ADDR: consulUrl, SERVICE_REGISTRY: undefined, PORT: undefined, HOST: undefined };
  const service = forkService(`examples/${example}.ts`, { env: { ...own, ...env } });
  const line = await service.waitForLine(/^http:\/\/127\.0\.0\.1:\d+ is registered/, 45_000);
  return { service, url: /http:\S+/.exec(line)![0] };
}

/** An instance of our own, without a check, so that it stays listed whatever it does. */
async function serve(name: string, id: string, listener: RequestListener): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  registered.push(id);
  await consul.put('/v1/agent/service/register', { Name: name, ID: id, Address: '127.0.0.1', Port: port });
}

describe('the examples gateway and caller', () => {
  /** Which instances each request has reached, by its URL. */
  const reached = new Map<string, string[]>();
  let gateway: Awaited<ReturnType<typeof start>>;
  let caller: Awaited<ReturnType<typeof start>>;

  beforeAll(async () => {
    for (const id of ['behind-two-a', 'behind-two-b'])
      await serve('behind-two', id, (request, response) => {
        const { url = '' } = request;
        const before = reached.get(url) ?? [];
        reached.set(url, [...before, id]);
        // The instance that a request reaches first breaks its connection, having read all of it.
        if (before.length === 0) request.resume().once('end', () => request.socket.destroy());
        else request.pipe(response);
      });
    [caller, gateway] = await Promise.all([
      start('caller', { SERVICE_NAME: 'behind-caller', CALLS: 'behind-one' }),
      start('gateway', { SERVICE_NAME: 'front', SERVICES: 'behind-caller,behind-one,behind-two,behind-none' }),
      start('one-line', { SERVICE_NAME: 'behind-one' }),
    ]);
  }, 90_000);

  it('find a service in Consul, and through it another one', async () => {
    const text = await waitFor(async () => {
      const response = await fetch(`${gateway.url}/behind-caller/`);
      return response.status === 200 && response.text();
    });
    expect(text).toBe('behind-one says: hello\n\n');
  });

  it('repeat a GET that one instance did not answer on another one, and a POST with a body never', async () => {
    for (const turn of [1, 2]) {
      const url = `/open?get=${turn}`;
      const response = await fetch(`${gateway.url}/behind-two${url}`);
      expect(response.status).toBe(200);
      expect(reached.get(url)?.toSorted()).toEqual(['behind-two-a', 'behind-two-b']);
    }
    for (const turn of [1, 2]) {
      const url = `/orders?post=${turn}`;
      const response = await fetch(`${gateway.url}/behind-two${url}`, { method: 'POST', body: 'an order' });
      expect([response.status, await response.text()]).toEqual([502, expect.any(String)]);
      expect(reached.get(url)).toHaveLength(1);
    }
  });

  it('pass on a body and its answer', async () => {
    const url = '/orders?put=1';
    reached.set(url, ['an earlier attempt']);
    const response = await fetch(`${gateway.url}/behind-two${url}`, { method: 'PUT', body: 'an order' });
    expect([response.status, await response.text()]).toEqual([200, 'an order']);
  });

  it('answer 503 for a service without an instance, and 404 for one that is not listed', async () => {
    const absent = await fetch(`${gateway.url}/behind-none/`);
    expect([absent.status, await absent.text()]).toEqual([503, expect.stringContaining('behind-none')]);
    expect((await fetch(`${gateway.url}/elsewhere/`)).status).toBe(404);
  });

  it('end at SIGTERM', async () => {
    for (const { service } of [gateway, caller]) service.signal('SIGTERM');
    const clean = { code: 0, signal: null };
    expect(await Promise.all([gateway.service.exit, caller.service.exit])).toEqual([clean, clean]);
  });
});
