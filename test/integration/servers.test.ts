import { existsSync } from 'node:fs';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type { FaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { startNewerConsul } from '../support/newer-consul.js';
import { startConsul, startConsulPair } from '../support/servers/consul-server.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import type { RawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';

interface Owned {
  pid: number;
  url: string;
}

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function use<T extends { stop(): Promise<void> }>(server: T): T {
  cleanups.push(() => server.stop());
  return server;
}

function raw(url: string, token?: string): RawConsul {
  const consul = rawConsul(url, { token });
  cleanups.push(() => consul.close());
  return consul;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const passing = async (consul: RawConsul, service: string) =>
  (await consul.get(`/v1/health/service/${service}?passing`)).json<unknown[]>().length;
const service = { Name: 'web', ID: 'web-1', Check: { CheckID: 'web-1:ttl', TTL: '60s', Status: 'passing' } };

describe('a dev agent', () => {
  it('is ready when it says so, and comes back empty on the same port after a kill', async () => {
    const server = use(await startConsul());
    const consul = raw(server.url);
    expect((await consul.put('/v1/agent/service/register', service)).status).toBe(200);
    await waitFor(() => passing(consul, 'web'));
    const { pid, port } = server;

    await server.kill();
    await expect(consul.get('/v1/status/leader')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await server.restart();

    expect(server.pid).not.toBe(pid);
    expect(server.port).toBe(port);
    expect((await consul.get('/v1/agent/services')).json()).toEqual({});
  });

  it('keeps a request waiting while it is paused and answers it when it goes on', async () => {
    const server = use(await startConsul());
    const consul = raw(server.url);
    const impatient = rawConsul(server.url, { timeoutMs: 300 });
    server.pause();
    const waiting = consul.get('/v1/agent/self');
    await expect(impatient.get('/v1/agent/self')).rejects.toMatchObject({
      name: 'AbortError',
      cause: { name: 'TimeoutError' },
    });
    server.resume();
    expect((await waiting).status).toBe(200);
    impatient.close();
  });

  it('is reaped by stop even while it is paused', async () => {
    const server = await startConsul();
    const { pid } = server;
    server.pause();
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('says why it did not come up', async () => {
    await expect(startConsul({ config: { no_such_setting: 1 } })).rejects.toThrow(/did not come up[^]+no_such_setting/);
  });

  it('finds other ports when somebody sits on its own, unless those were asked for', async () => {
    const first = use(await startConsul());
    await expect(startConsul({ ports: first.ports })).rejects.toThrow('address already in use');
    expect(use(await startConsul()).port).not.toBe(first.port);
  });
});

describe('a server with data', () => {
  it.each(['kill', 'terminate'] as const)(
    'still has its services after a %s, and leaves no files behind when stopped',
    async (end) => {
      const server = use(await startConsul({ dataDir: true }));
      const consul = raw(server.url);
      await consul.put('/v1/agent/service/register', service);
      await waitFor(() => passing(consul, 'web'));
      await server[end]();
      await server.restart();
      expect(Object.keys((await consul.get('/v1/agent/services')).json<object>())).toEqual(['web-1']);
      const { DebugConfig } = (await consul.get('/v1/agent/self')).json<{ DebugConfig: { DataDir: string } }>();
      expect(existsSync(DebugConfig.DataDir)).toBe(true);
      await server.stop();
      expect(existsSync(DebugConfig.DataDir)).toBe(false);
    },
  );
});

describe('a server whose owner is killed', () => {
  it('dies with it, and its data go too', async () => {
    const owner = forkService(new URL('../support/servers/consul-owner.ts', import.meta.url));
    cleanups.push(killForkedServices);
    const { pid, url } = await owner.waitForMessage((message): message is Owned => typeof message === 'object');
    const { DebugConfig } = (await raw(url).get('/v1/agent/self')).json<{ DebugConfig: { DataDir: string } }>();
    expect(existsSync(DebugConfig.DataDir)).toBe(true);
    owner.signal('SIGKILL');
    expect(await owner.exit).toEqual({ code: null, signal: 'SIGKILL' });
    await waitFor(() => !isAlive(pid) && !existsSync(DebugConfig.DataDir));
  });
});

describe('a pair', () => {
  it('shows at the server what was registered at the client agent', async () => {
    const pair = use(await startConsulPair());
    await raw(pair.client.url).put('/v1/agent/service/register', service);
    const atServer = raw(pair.server.url);
    await waitFor(() => passing(atServer, 'web'));
    expect((await atServer.get('/v1/agent/services')).json()).toEqual({});
  });

  it('works with ACL on both', async () => {
    const pair = use(await startConsulPair({ acl: true }));
    expect((await raw(pair.client.url).put('/v1/agent/service/register', service)).status).toBe(403);
    expect((await raw(pair.client.url, pair.client.token).put('/v1/agent/service/register', service)).status).toBe(200);
  });
});

describe('an agent with ACL', () => {
  it('refuses whoever has no token and knows its own after a restart', async () => {
    const server = use(await startConsul({ acl: true }));
    await server.restart();
    expect((await raw(server.url).put('/v1/agent/service/register', service)).status).toBe(403);
    expect((await raw(server.url, server.token).put('/v1/agent/service/register', service)).status).toBe(200);
  });
});

describe('the shared agent', () => {
  it('answers', async () => {
    expect((await raw(inject('consulUrl')).get('/v1/status/leader')).status).toBe(200);
  });
});

describe('a newer Consul', () => {
  const newer = async (url: string, token?: string): Promise<RawConsul> => {
    const proxy: FaultProxy = await startNewerConsul(url);
    cleanups.push(() => proxy.close());
    return raw(proxy.url, token);
  };
  const unknownCheck = {
    status: 404,
    body: 'Unknown check ID "gone". Ensure that the check ID is passed, not the check name.',
  };
  const unknownService = {
    status: 404,
    body: 'Unknown service ID "gone". Ensure that the service ID is passed, not the service name.',
  };

  it.each([false, true])('answers 404 for what it does not know (ACL: %s)', async (acl) => {
    const server = use(await startConsul({ acl }));
    const consul = await newer(server.url, server.token);
    expect(await consul.put('/v1/agent/check/pass/gone')).toMatchObject(unknownCheck);
    expect(await consul.put('/v1/agent/check/update/gone', { Status: 'passing' })).toMatchObject(unknownCheck);
    expect(await consul.put('/v1/agent/check/deregister/gone')).toMatchObject(unknownCheck);
    expect(await consul.put('/v1/agent/service/deregister/gone')).toMatchObject(unknownService);
  });

  it('does for known ones what it is asked to', async () => {
    const consul = await newer(inject('consulUrl'));
    const [id, httpCheck] = ['newer:1/a b', 'newer:1:http'];
    await consul.put('/v1/agent/service/register', {
      Name: 'newer',
      ID: id,
      Checks: [
        { CheckID: `${id}:ttl`, TTL: '60s' },
        { CheckID: httpCheck, HTTP: 'http://127.0.0.1:1/', Interval: '60s' },
      ],
    });
    expect(
      (await consul.put(`/v1/agent/check/update/${encodeURIComponent(`${id}:ttl`)}`, { Status: 'passing' })).status,
    ).toBe(200);
    // Not a TTL check, which is another matter than not being there.
    expect((await consul.put(`/v1/agent/check/pass/${httpCheck}`)).status).toBe(500);
    expect((await consul.put(`/v1/agent/check/deregister/${httpCheck}`)).status).toBe(200);
    expect((await consul.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`)).status).toBe(200);
    expect((await consul.put(`/v1/agent/service/deregister/${encodeURIComponent(id)}`)).status).toBe(404);
  });

  it('names the accessor when it refuses', async () => {
    const server = use(await startConsul({ acl: true }));
    const answer = await (await newer(server.url)).put('/v1/agent/service/register', service);
    expect(answer.status).toBe(403);
    expect(answer.body).toMatch(/AccessorID .* lacks permission 'service:write' on "web"/);
  });
});
