import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { consul } from '../../src/backends/consul/consul-registry.js';
import { keyOf } from '../../src/contracts/service-instance.js';
import type { ServiceInstance } from '../../src/contracts/service-instance.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';

const signal = new AbortController().signal;
const passing = { status: 'passing', reason: 'ok' } as const;

let serial = 0;
function instance(overrides: Partial<ServiceInstance> = {}): ServiceInstance {
  serial += 1;
  return {
    name: `agent-test-${serial}`,
    id: `agent-test-${serial}-1`,
    address: '127.0.0.1',
    port: 4000,
    tags: [],
    meta: {},
    nonce: `n${serial}`,
    ttlMs: 10_000,
    checks: [],
    ...overrides,
  };
}

describe('the consul registry on a real agent', () => {
  const url = inject('consulUrl');
  const raw = rawConsul(url);
  const registry = consul({ endpoints: [url] });
  afterAll(async () => {
    raw.close();
    await registry.close();
  });

  it('has the agent probe over HTTP, TCP and gRPC beside the heartbeat, each critical until it was seen to pass', async () => {
    const server = createServer((_request, response) => response.end('fine')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const pace = { intervalMs: 200, timeoutMs: 1_000 };
    const probed = instance({
      checks: [
        { kind: 'http', url: `http://${target}/health`, ...pace },
        { kind: 'tcp', target, ...pace },
        { kind: 'grpc', target: `${target}/orders`, tls: false, ...pace },
      ],
    });
    const registration = await registry.register(probed, passing, signal);
    await registration.renew(passing, signal);
    const statusOf = async (kind: string) =>
      (await registry.read(keyOf(probed), signal))?.checks.find(({ id }) => id === `${probed.id}:${kind}`)?.status;
    expect(await statusOf('ttl')).toBe('passing');
    expect(await statusOf('grpc')).toBe('critical');
    expect((await registry.read(keyOf(probed), signal))?.status).toBe('critical');
    await waitFor(async () => (await statusOf('http')) === 'passing' && (await statusOf('tcp')) === 'passing');
    await registration.deregister(signal);
    server.closeAllConnections();
    server.close();
  });

  it('never touches the maintenance of an operator', async () => {
    const one = instance();
    const registration = await registry.register(one, passing, signal);
    await raw.put(`/v1/agent/service/maintenance/${one.id}?enable=true&reason=new+disks`);
    await registry.register({ ...one, tags: ['new'] }, passing, signal);
    await registration.renew(passing, signal);
    const entry = await registry.read(keyOf(one), signal);
    expect(entry).toMatchObject({
      status: 'maintenance',
      maintenance: { reason: 'new disks' },
      instance: { tags: ['new'] },
    });
    await raw.put(`/v1/agent/service/maintenance/${one.id}?enable=false`);
    expect(await registry.read(keyOf(one), signal)).toMatchObject({ status: 'passing' });
    await registration.deregister(signal);
  });

  it('leaves an entry that somebody else wrote alone when a nonce is meant', async () => {
    const one = instance();
    await raw.put('/v1/agent/service/register', { ID: one.id, Name: one.name });
    await registry.remove(keyOf(one), signal);
    expect((await registry.read(keyOf(one), signal))?.instance).not.toHaveProperty('nonce');
    await registry.remove({ name: one.name, id: one.id }, signal);
    expect(await registry.read(keyOf(one), signal)).toBeUndefined();
  });

  it("surfaces the agent's own words when it refuses", async () => {
    const refused = registry.register(instance({ meta: { 'a.b': 'c' } }), passing, signal);
    await expect(refused).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_REJECTED',
      message: expect.stringContaining('Key contains invalid characters') as string,
    });
    const enterprise = registry.register(instance({ namespace: 'team' }), passing, signal);
    await expect(enterprise).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_REJECTED',
      message: expect.stringMatching(/Enterprise.*Leave namespace and partition out/) as string,
    });
  });

  it('does not register an id that it could never remove again', async () => {
    const refused = registry.register(instance({ id: '../x' }), passing, signal);
    await expect(refused).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_REJECTED' });
    expect((await raw.get('/v1/agent/services')).body).not.toContain('../x');
  });

  it('notices an outside deregister at once through the held look', async () => {
    const one = instance();
    const registration = await registry.register(one, passing, signal);
    const held = registration.changed?.(signal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const at = performance.now();
    await raw.put(`/v1/agent/service/deregister/${one.id}`);
    await held;
    expect(performance.now() - at).toBeLessThan(500);
  });
});

describe('the consul registry on an agent with ACL', () => {
  let server: ConsulServer;
  beforeAll(async () => {
    server = await startConsul({ acl: true });
  });
  afterAll(() => server.stop());

  it('says with the words of the agent which right is missing, and calls nothing absent that it may not see', async () => {
    const allowed = consul({ endpoints: [server.url], token: server.token ?? '' });
    const stranger = consul({ endpoints: [server.url] });
    const one = instance();
    const registration = await allowed.register(one, passing, signal);
    await registration.renew(passing, signal);
    const denied = { code: 'ROLLCALL_REGISTRY_DENIED', retryable: false };
    await expect(stranger.register(one, passing, signal)).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('Permission denied') as string,
    });
    await expect(stranger.read(keyOf(one), signal)).rejects.toMatchObject(denied);
    await expect(stranger.remove(keyOf(one), signal)).rejects.toMatchObject(denied);
    const unknown = consul({ endpoints: [server.url], token: '00000000-0000-4000-8000-000000000000' });
    await expect(unknown.register(one, passing, signal)).rejects.toMatchObject({
      ...denied,
      message: expect.stringContaining('ACL not found') as string,
    });
    await registration.deregister(signal);
    await registration.deregister(signal);
    await allowed.remove({ name: one.name, id: one.id }, signal);
    await expect(registration.renew(passing, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
    for (const registry of [allowed, stranger, unknown]) await registry.close();
  });
});

describe('the consul registry and an agent that comes and goes', () => {
  it('tells an agent that is down from one that has forgotten', async () => {
    const server = await startConsul();
    const registry = consul({ endpoints: [server.url] });
    try {
      const registration = await registry.register(instance(), passing, signal);
      await server.kill();
      await expect(registration.renew(passing, signal)).rejects.toMatchObject({
        code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
        retryable: true,
      });
      await server.restart();
      await expect(registration.renew(passing, signal)).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRATION_LOST' });
    } finally {
      await registry.close();
      await server.stop();
    }
  });
});
