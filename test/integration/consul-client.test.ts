import { execFile } from 'node:child_process';
import { once, setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { consul } from '../../src/backends/consul/consul-registry.js';
import type { ConsulOptions } from '../../src/backends/consul/consul-options.js';
import type { ServiceInstance } from '../../src/contracts/service-instance.js';
import type { Registry } from '../../src/contracts/registry.js';

const signal = new AbortController().signal;
const passing = { status: 'passing', reason: 'ok' } as const;
const orders: ServiceInstance = {
  name: 'orders',
  id: 'o/1',
  port: 1,
  tags: [],
  meta: {},
  nonce: 'n1',
  ttlMs: 1_000,
  checks: [],
};

describe('the consul registry on the wire', () => {
  const servers: Server[] = [];
  const registries: Registry[] = [];

  async function agent(listener: RequestListener): Promise<{ url: string; server: Server }> {
    const server = createServer(listener);
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
  }

  function registryOn(url: string, options: ConsulOptions = {}): Registry {
    const registry = consul({ endpoints: [url], ...options });
    registries.push(registry);
    return registry;
  }

  afterEach(async () => {
    for (const registry of registries.splice(0)) await registry.close();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  it('sends the token as a header and nowhere else, and asks a function for it every time', async () => {
    const seen: IncomingMessage[] = [];
    const { url } = await agent((request, response) => {
      seen.push(request);
      response.end();
    });
    await registryOn(url, { token: 'secret-1' }).register(orders, passing, signal);
    let turn = 1;
    const rotating = registryOn(url, { token: async () => `secret-${(turn += 1)}` });
    const registration = await rotating.register(orders, passing, signal);
    await registration.renew(passing, signal);
    expect(seen.map(({ headers }) => headers['x-consul-token'])).toEqual(['secret-1', 'secret-2', 'secret-3']);
    expect(seen.map(({ url: path, headers }) => `${path} ${headers.authorization}`).join()).not.toContain('secret');
  });

  it('says so when there is no token to be had, and sends nothing', async () => {
    let requests = 0;
    const { url } = await agent((_request, response) => {
      requests += 1;
      response.end();
    });
    const broken = registryOn(url, { token: () => Promise.reject(new Error('vault is sealed')) });
    // What the function says of its failure may hold a secret.
    await expect(broken.register(orders, passing, signal)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.not.stringContaining('vault is sealed') as string,
    });
    await expect(
      registryOn(url, { token: () => 'two\nlines' }).register(orders, passing, signal),
    ).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE' });
    expect(requests).toBe(0);
  });

  it('sends the same bytes for an unchanged beat, over the same connection', async () => {
    const beats: string[] = [];
    const ports = new Set<number | undefined>();
    const { url } = await agent((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        if (request.url?.includes('check/update')) {
          beats.push(`${request.url} ${body}`);
          ports.add(request.socket.remotePort);
        }
        response.end();
      });
    });
    const registration = await registryOn(url).register(orders, passing, signal);
    for (const reason of ['ok', 'ok', 'käse']) await registration.renew({ status: 'passing', reason }, signal);
    expect(beats).toEqual(
      ['ok', 'ok', 'käse'].map(
        (reason) => `/v1/agent/check/update/o%2F1%3Attl {"Status":"passing","Output":"${reason}"}`,
      ),
    );
    expect(ports.size).toBe(1);
  });

  it('puts an instance into maintenance before any beat can pass', async () => {
    const paths: string[] = [];
    const { url } = await agent((request, response) => {
      paths.push(request.url ?? '');
      response.end();
    });
    await registryOn(url, { namespace: 'team', partition: 'blue' }).register(
      orders,
      { status: 'maintenance', reason: 'a & b' },
      signal,
    );
    expect(paths).toEqual([
      '/v1/agent/service/register?ns=team&partition=blue',
      '/v1/agent/service/maintenance/o%2F1?enable=true&reason=a+%26+b&ns=team&partition=blue',
    ]);
  });

  it('keeps a connection for beats while held polls and hung verbs take all others', async () => {
    let hanging = 0;
    let whenAllHang: () => void = () => undefined;
    const { url } = await agent((request, response) => {
      if (request.url?.includes('check/update') || request.url?.endsWith('/register')) return response.end();
      hanging += 1;
      if (hanging === 8) whenAllHang();
    });
    const registry = registryOn(url);
    const registration = await registry.register(orders, passing, signal);
    const allHang = new Promise<void>((resolve) => (whenAllHang = resolve));
    const controller = new AbortController();
    setMaxListeners(0, controller.signal);
    const reads = Array.from({ length: 20 }, () => registry.read(orders, controller.signal));
    const looks = Array.from({ length: 20 }, () => registration.changed?.(controller.signal) ?? Promise.resolve());
    const verdicts = Promise.allSettled<unknown>([...reads, ...looks]);
    await allHang;
    await registration.renew(passing, signal);
    expect(hanging).toBe(8);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(
      new Set(
        (await verdicts).map((verdict) => (verdict.status === 'rejected' ? (verdict.reason as unknown) : verdict)),
      ),
    ).toEqual(new Set([reason]));
  });

  it('rejects with the reason of the deadline when the agent hangs, and works again afterwards', async () => {
    let hang = true;
    let whenAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (whenAsked = resolve));
    const { url } = await agent((request, response) => {
      if (hang && request.url?.includes('check/update')) whenAsked();
      else response.end();
    });
    const registration = await registryOn(url).register(orders, passing, signal);
    const controller = new AbortController();
    const beat = registration.renew(passing, controller.signal);
    await asked;
    const reason = new Error('deadline');
    controller.abort(reason);
    await expect(beat).rejects.toBe(reason);
    hang = false;
    await registration.renew(passing, signal);
  });

  it.each([
    [
      'in the middle of the body',
      (response: ServerResponse) =>
        response.writeHead(200, { 'content-length': 100 }).write('{"AggregatedStatus"', () => response.destroy()),
    ],
    ['before the first byte', (response: ServerResponse) => response.destroy()],
  ])('rejects when the answer breaks off %s', async (_where, breakOff) => {
    const { url } = await agent((_request, response) => {
      breakOff(response);
    });
    await expect(registryOn(url).read(orders, signal)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      operation: 'read',
    });
  });

  it('does not swallow an endless answer', async () => {
    const { url } = await agent((_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, 'x');
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    await expect(registryOn(url).read(orders, signal)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      cause: { message: expect.stringContaining('longer') as string },
    });
  });

  it.each([
    [404, '<h1>not here</h1>'],
    [200, '<h1>hello</h1>'],
    [200, '{"some":"json"}'],
    [429, 'Your IP is issuing too many concurrent connections'],
    [503, 'Service Unavailable'],
    [302, ''],
  ])('does not take HTTP %i %j of something else for the absence of an entry', async (status, body) => {
    const { url } = await agent((_request, response) => response.writeHead(status).end(body));
    await expect(registryOn(url).read(orders, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE' });
  });

  it('keeps the whole of a long refusal, and nothing that could be a secret', async () => {
    const words = `Permission denied: token with AccessorID '${'1'.repeat(36)}' lacks permission 'service:write' on "orders"`;
    const { url } = await agent((_request, response) =>
      response.writeHead(403, { 'content-type': 'text/plain; charset=utf-8' }).end(words),
    );
    const registry = registryOn(url.replace('//', '//me:hunter2@'), { token: 'secret-1' });
    const error = await registry.register(orders, passing, signal).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toMatchObject({
      code: 'ROLLCALL_REGISTRY_DENIED',
      message: expect.stringContaining(words) as string,
    });
    expect(error?.cause).toBeUndefined();
    expect(`${error?.message} ${error?.stack}`).not.toMatch(/hunter2|secret-1/);
  });

  it('names the place and the code when nobody listens there', async () => {
    const { url, server } = await agent(() => undefined);
    server.close();
    await once(server, 'close');
    const error = registryOn(url.replace('//', '//me:hunter2@')).register(orders, passing, signal);
    await expect(error).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`${url} .*ECONNREFUSED`)) as string,
    });
    await expect(error).rejects.not.toThrow(/hunter2/);
  });

  it('reaches an agent at an IPv6 address', async () => {
    const server = createServer((_request, response) => response.end());
    servers.push(server);
    server.listen(0, '::1');
    await once(server, 'listening');
    await registryOn(`http://[::1]:${(server.address() as AddressInfo).port}`).register(orders, passing, signal);
  });

  it('closes its connections, and what was in flight or waited for one rejects', async () => {
    let reads = 0;
    let whenFull: () => void = () => undefined;
    const full = new Promise<void>((resolve) => (whenFull = resolve));
    const { url, server } = await agent((request, response) => {
      if (request.method !== 'GET') return response.end();
      reads += 1;
      if (reads === 4) whenFull();
    });
    const registry = registryOn(url);
    await registry.register(orders, passing, signal);
    const held = Promise.allSettled(Array.from({ length: 6 }, () => registry.read(orders, signal)));
    await full;
    await registry.close();
    expect(await held).toMatchObject(
      Array.from({ length: 6 }, () => ({ status: 'rejected', reason: { code: 'ROLLCALL_STOPPED' } })),
    );
    const gone = once(server, 'close');
    server.close();
    await gone;
    expect(reads).toBe(4);
  });

  it('never holds the process open, not even while the agent hangs on a request', async () => {
    let asked = 0;
    const { url } = await agent(() => {
      asked += 1;
    });
    const script = `
      const { consul } = await import('./src/backends/consul/consul-registry.ts');
      const registry = consul({ endpoints: [process.env.AGENT] });
      const { signal } = new AbortController();
      registry.read({ name: 'a', id: 'b' }, signal).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 500));
    `;
    await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, AGENT: url.replace('127.0.0.1', 'localhost') },
      timeout: 20_000,
    });
    expect(asked).toBe(1);
  });
});
