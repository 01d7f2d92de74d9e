import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consul } from 'rollcall';
import type { HealthReport, Registry, ServiceInstance } from 'rollcall';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { meaningOf } from '../../src/backends/consul/consul-meanings.js';
import type { HttpAnswer, HttpRequest } from '../../src/integrations/testing/http-rewriter.js';
import { aclsOf } from '../integration/fixtures/acls.js';
import {
  catalogOf,
  cleanUp,
  freshName,
  later,
  ownConsul,
  proxyBefore,
  registeredOn,
  registrarOn,
} from '../integration/fixtures/live.js';
import { ConsulServer, startConsul } from '../support/servers/consul-server.js';
import { findServer } from '../support/servers/find-server.js';
import { freePorts } from '../support/servers/free-ports.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { serversHere } from '../support/servers/server-versions.js';
import { waitFor } from '../support/wait-for.js';

const shared = inject('consulUrl');
const { signal } = new AbortController();
const passing: HealthReport = { status: 'passing', reason: 'ok' };
/** The shortest that the options allow, and what an agent takes to notice its end and to tell its servers. */
const TTL_MS = 1_000;
const NOTICED_MS = 2_000;

afterEach(cleanUp);

function instanceOf(name: string, more: Partial<ServiceInstance> = {}): ServiceInstance {
  const identity = { name, id: `${name}-1`, nonce: `nonce-of-${name}` };
  const fields = { address: '10.0.0.7', port: 3000, tags: [], meta: {}, checks: [], ttlMs: 60_000 };
  return { ...fields, ...identity, ...more };
}

function registryOn(url: string, token?: string): Registry {
  const registry = consul({ endpoints: [url], ...(token !== undefined && { token }) });
  later(() => registry.close());
  return registry;
}

/** What an agent says to a request: its meaning, for an operation. */
function asker(url: string, token?: string) {
  const raw = rawConsul(url, { token });
  later(() => raw.close());
  return async (operation: string, path: string, body?: unknown) => {
    const { status, body: text } = await (operation === 'read' || operation === 'discover'
      ? raw.get(`/v1${path}`)
      : raw.put(`/v1${path}`, body));
    const { name, kind } = meaningOf({ status, text, headers: {} }, operation);
    return `${name}: ${kind}`;
  };
}

/** A proxy before the shared agent that answers in its place what `isRefused` picks, once `refusing` is set. */
async function refusingProxy(isRefused: (request: HttpRequest) => boolean, answer: HttpAnswer) {
  const proxy = await proxyBefore(shared);
  const sentAt: number[] = [];
  const state = { refusing: false, refused: 0 };
  await proxy.intercept((request) => {
    sentAt.push(performance.now());
    if (!state.refusing || !isRefused(request)) return undefined;
    state.refused += 1;
    return answer;
  });
  return { url: proxy.url, state, sentAt };
}

const isBeat = ({ path }: HttpRequest) => path.startsWith('/v1/agent/check/update/');
const isWrite = ({ method, path }: HttpRequest) => method === 'PUT' && path.startsWith('/v1/agent/service/');

/** Fails unless readers stop finding the instance within a TTL from now. */
async function goneWithinTtl(name: string): Promise<void> {
  const catalog = catalogOf(shared);
  await waitFor(async () => (await catalog.passing(name)).length === 0, { timeoutMs: TTL_MS + NOTICED_MS });
}

async function listed(name: string): Promise<void> {
  const catalog = catalogOf(shared);
  await waitFor(async () => (await catalog.passing(name)).length === 1);
}

describe('what an agent says', () => {
  it('means what the table says: about the data of a registration', async () => {
    const ask = asker(shared);
    const register = (body: object) => ask('register', '/agent/service/register', body);
    const check = (fields: object) => register({ Name: 'a', Check: fields });
    expect(await register({ Name: '' })).toBe('invalid data: malformed');
    expect(await register({ Name: 'a', Port: 'x' })).toBe('invalid data: malformed');
    expect(await register({ Name: 'a', Address: '0.0.0.0' })).toBe('invalid data: malformed');
    expect(await register({ Name: 'a', Meta: { k: 'x'.repeat(600) } })).toBe('invalid data: malformed');
    expect(await register({ Name: 'a', Meta: { 'bad key': 'x' } })).toBe('invalid data: malformed');
    expect(await register({ Name: 'a', Weights: { Passing: -1, Warning: 0 } })).toBe('invalid data: malformed');
    expect(await check({ TTL: '-1s' })).toBe('invalid data: malformed');
    expect(await check({ TTL: 'x' })).toBe('invalid data: malformed');
    expect(await check({ HTTP: 'http://x', Interval: '0s' })).toBe('invalid data: malformed');
    expect(await register({ Name: 'a', Locality: {} })).toBe('unknown field: malformed');
    expect(await ask('register', '/agent/service/register?ns=x', { Name: 'a' })).toBe('enterprise: malformed');
    expect(await ask('discover', '/health/service/a?ns=x')).toBe('enterprise: malformed');
  });

  it('means what the table says: about anything else', async () => {
    const ask = asker(shared);
    expect(await ask('renew', '/agent/check/update/none:ttl', { Status: 'passing' })).toBe('unknown check: transient');
    expect(await ask('maintain', '/agent/service/maintenance/none?enable=true')).toBe('unknown service: transient');
    expect(await ask('discover', '/health/service/a?index=1e308&wait=1s')).toBe('unknown: transient');
    expect(await ask('renew', '/agent/check/update/none:ttl', { Status: 'odd' })).toBe('unknown: transient');
    expect(await ask('read', '/nowhere')).toBe('not the agent: transient');
  });

  it('means what the table says: without a leader', async () => {
    const [http = 0, dns = 0, serf = 0, rpc = 0] = await freePorts(4);
    const lonely = new ConsulServer(
      { program: await findServer('consul'), facts: await serversHere.consul() },
      { config: { bootstrap: false, bootstrap_expect: 2, server: true } },
      { http, dns, serf, rpc },
      await mkdtemp(join(tmpdir(), 'rollcall-consul-')),
    );
    later(() => lonely.stop());
    await lonely.launch();
    const ask = asker(lonely.url);
    await waitFor(async () => (await ask('discover', '/health/service/a')) === 'no servers: transient');
  });
});

describe('an agent that refuses', () => {
  it('a first registration for its data ends it, and names them', async () => {
    const registry = registryOn(shared);
    await expect(
      registry.register(instanceOf('nowhere', { address: '0.0.0.0' }), passing, signal),
    ).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_REJECTED',
      message: expect.stringContaining('Invalid service address') as string,
    });
  });

  it.each([
    [400, 'Bad Request'],
    [400, 'Request decode failed: unexpected EOF'],
    [405, 'method not allowed'],
    [422, ''],
    [404, '<html>nginx</html>'],
    [429, 'Your IP is issuing too many concurrent connections'],
    [500, 'rpc error making call: EOF'],
    [403, 'Endpoint is blocked by agent configuration'],
  ])('a first registration with %i %j delays it, no more', async (status, body) => {
    const name = freshName('delayed');
    const { url, state } = await refusingProxy(isWrite, { status, body });
    state.refusing = true;
    const { registrar, events } = registrarOn(url, { name, id: name, address: '10.0.0.7', port: 3000, ttl: '3s' });
    void registrar.start();
    const { error } = await events.next('beatMissed');
    expect(error.message).toContain(`HTTP ${status}`);
    expect(registrar.state).not.toBe('failed');
    state.refusing = false;
    await events.next('registered', 15_000);
    await registrar.stop();
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
  });

  it('the reason of a beat loses no healthy instance, however odd it is', async () => {
    const name = freshName('odd');
    const { url, state } = await refusingProxy(
      ({ path, body }) => isBeat({ path } as HttpRequest) && body.includes('odd'),
      {
        status: 400,
        body: 'blocked by policy',
      },
    );
    state.refusing = true;
    const registry = registryOn(url);
    const registration = await registry.register(instanceOf(name, { ttlMs: TTL_MS }), passing, signal);
    for (let beats = 0; beats < 4; beats += 1)
      await registration.renew({ status: 'passing', reason: 'odd\u0000' }, signal);
    // It was tried once.
    expect(state.refused).toBe(1);
    await listed(name);
    await registration.renew({ status: 'critical', reason: 'an odd one' }, signal);
    await goneWithinTtl(name);
    await registration.renew({ status: 'passing', reason: 'x'.repeat(600_000) }, signal);
    await listed(name);
    await registration.deregister(signal);
  });
});

describe('an agent that takes writes and no beats', () => {
  it.each([
    [403, 'Permission denied'],
    [500, 'disk full'],
    [400, 'Bad Request'],
  ])('with %i %j loses the instance within a TTL, whatever is written, and finds it again', async (status, body) => {
    const name = freshName('beatless');
    const { url, state } = await refusingProxy(isBeat, { status, body });
    const { registrar, events } = await registeredOn(url, { name, ttl: TTL_MS });
    await listed(name);
    state.refusing = true;
    await goneWithinTtl(name);
    const updated = registrar.update({ tags: ['v2'] }).then(() => 'updated', String);
    await waitFor(() => registrar.state === 'recovering');
    expect(await catalogOf(shared).passing(name)).toEqual([]);
    events.clear();
    state.refusing = false;
    await events.next('beat', 15_000);
    expect(await updated).toBe('updated');
    await listed(name);
  });

  it('is one whose own configuration says so, and the error names it', async () => {
    const agent = await ownConsul({ config: { http_config: { block_endpoints: ['/v1/agent/check/update'] } } });
    const name = freshName('blocked');
    const { registrar, events } = registrarOn(agent.url, { name, address: '10.0.0.7', port: 3000, ttl: '3s' });
    void registrar.start();
    expect((await events.next('beatMissed')).error).toMatchObject({
      code: 'ROLLCALL_REGISTRY_DENIED',
      message: expect.stringMatching(/block_endpoints/) as string,
    });
    expect(await catalogOf(agent.url).passing(name)).toEqual([]);
    await registrar.leave();
  });
});

describe('an agent that takes beats and no writes', () => {
  const refusal = { status: 500, body: 'disk full' };

  it('has no reader find an instance in maintenance', async () => {
    const name = freshName('writeless');
    const { url, state } = await refusingProxy(isWrite, refusal);
    const { registrar } = await registeredOn(url, { name, ttl: TTL_MS });
    await listed(name);
    state.refusing = true;
    const shown = registrar.maintenance(true, 'new disks').catch(() => undefined);
    await goneWithinTtl(name);
    state.refusing = false;
    await shown;
    await registrar.maintenance(false);
    await listed(name);
  });

  it.each(['deregister', 'maintenance', 'critical'] as const)('loses one that stops, policy %s', async (policy) => {
    const name = freshName('stopping');
    const { url, state } = await refusingProxy(isWrite, refusal);
    const shutdown = { signals: false, policy, drain: { min: 0, quiet: 0, max: '1s' }, timeout: '2s' } as const;
    const { registrar } = await registeredOn(url, { name, ttl: TTL_MS, shutdown });
    await listed(name);
    state.refusing = true;
    const stopping = registrar.stop();
    await goneWithinTtl(name);
    await stopping;
    if (policy !== 'critical') expect(state.refused).toBeGreaterThan(0);
  });
});

describe('a token that is revoked in the middle of a life', () => {
  let agent: ConsulServer;
  beforeAll(async () => {
    agent = await startConsul({ acl: { rememberFor: '1s' } });
    return () => agent.stop();
  });

  it('is told, the agent itself turns critical, and another token is enough', async () => {
    const name = freshName('revoked');
    const rules = `service_prefix "" { policy = "write" } node_prefix "" { policy = "read" }`;
    const { tokenWith } = aclsOf(agent);
    const [first, second] = [await tokenWith(rules), await tokenWith(rules)];
    let token = first.secret;
    const { registrar, events, id } = await registeredOn(agent.url, { name, ttl: TTL_MS }, () => token);
    const catalog = catalogOf(agent.url, agent.token);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    await first.revoke();
    const { cause, error } = await events.next('lost', 15_000);
    expect([cause, error?.message]).toEqual(['denied', expect.stringMatching(/ACL not found.*consul\(\{ token \}\)/)]);
    await waitFor(async () => (await catalog.checks(id))[`${id}:ttl`] === 'critical', {
      timeoutMs: TTL_MS + NOTICED_MS,
    });
    expect(registrar.status().trouble).toMatchObject({ code: 'ROLLCALL_REGISTRY_DENIED' });
    token = second.secret;
    await events.next('recovered', 15_000);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    await registrar.stop();
    expect(await catalog.entries(name)).toEqual([]);
  });
});

describe('an agent whose answers make a loop', () => {
  it.each<[string, (request: HttpRequest) => boolean, HttpAnswer]>([
    ['each beat is of an unknown check', isBeat, { status: 404, body: 'Unknown check ID "x"' }],
    [
      'each beat is of an unknown check, in the words of 1.8',
      isBeat,
      { status: 500, body: 'does not have associated TTL' },
    ],
    [
      'each long poll has news',
      ({ path }) => path.includes('hash='),
      { status: 200, headers: { 'x-consul-contenthash': 'another' }, body: '{}' },
    ],
    [
      'the entry is never there',
      ({ path }) => path.includes('/health/service/id/'),
      { status: 404, body: '{"AggregatedStatus":"critical","Service":null,"Checks":null}' },
    ],
    [
      'each write asks for a pause without sense',
      isWrite,
      { status: 503, headers: { 'retry-after': '9'.repeat(300) } },
    ],
  ])('gets at most 20 requests a second: %s', async (_what, isRefused, answer) => {
    const name = freshName('loop');
    const { url, state, sentAt } = await refusingProxy(isRefused, answer);
    const { registrar, events } = registrarOn(url, { name, address: '10.0.0.7', port: 3000, ttl: TTL_MS });
    void registrar.start();
    await events.next('registered', 15_000);
    state.refusing = true;
    const from = performance.now();
    await waitFor(() => performance.now() - from > 1_500);
    const most = Math.max(...sentAt.map((since) => sentAt.filter((at) => at >= since && at < since + 950).length));
    expect(most).toBeLessThanOrEqual(20);
    state.refusing = false;
    await listed(name);
    await registrar.stop();
  });
});
