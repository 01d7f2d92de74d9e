import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { RegistrarOptions } from 'rollcall';
import { leastPolicy } from '../../src/backends/consul/consul-policy.js';
import { builtRollcall } from '../support/built.js';
import { recordEvents } from '../support/record-events.js';
import type { EventRecord } from '../support/record-events.js';
import { startConsul } from '../support/servers/consul-server.js';
import type { ConsulServer } from '../support/servers/consul-server.js';
import { waitFor } from '../support/wait-for.js';
import { aclsOf } from './fixtures/acls.js';
import { cleanUp, freshName, later, portOf, quickStop } from './fixtures/live.js';
import { Catalog } from './fixtures/catalog.js';

const { Registrar, consul } = builtRollcall();

/** An agent whose own address is IPv6, and that is reached over IPv4. */
let agent: ConsulServer;
beforeAll(async () => {
  agent = await startConsul({ acl: true, config: { bind_addr: '::1' } });
});
afterEach(cleanUp);
afterAll(() => agent.stop());

interface Answer {
  readonly Node: { readonly Address: string };
  readonly Service: { readonly ID: string; readonly Address: string; readonly Port: number };
  readonly Checks: readonly { readonly CheckID: string; readonly Status: string; readonly Output: string }[];
}

interface Serving extends Partial<RegistrarOptions> {
  readonly rules?: (name: string) => string;
  readonly ipv6Only?: boolean;
  /** Of an agent without access control. @default the agent of this file */
  readonly url?: string;
}

async function serving(host: string, options: Serving = {}) {
  const {
    rules = (name) => leastPolicy({ services: [name], discovers: [], keys: [] }).join('\n'),
    ipv6Only = false,
    url,
    ...given
  } = options;
  const name = freshName('families');
  const server = createServer((_request, response) => response.end('fine'));
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen({ port: 0, host, ipv6Only });
  await once(server, 'listening');
  const token = url === undefined ? (await aclsOf(agent).tokenWith(rules(name))).secret : undefined;
  const registrar = new Registrar({
    name,
    registry: consul({ endpoints: [url ?? agent.url], ...(token !== undefined && { token }) }),
    ttl: '2s',
    logger: false,
    shutdown: quickStop,
    ...given,
  });
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  void registrar.bind(server).start();
  return { name, registrar, events, port: portOf(server) };
}

async function readersSee(name: string, url?: string): Promise<Answer | undefined> {
  const { raw } = url === undefined ? new Catalog(agent.url, agent.token) : new Catalog(url);
  later(() => {
    raw.close();
  });
  const [entry] = (await raw.get(`/v1/health/service/${name}`)).json<Answer[]>();
  return entry;
}

async function reach(host: string, port: number): Promise<string> {
  const socket = connect(port, host);
  later(() => socket.destroy());
  return new Promise((resolve) => {
    socket.on('connect', () => resolve('reached'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'failed'));
  });
}

/** Those about addresses. */
function warningsOf(events: EventRecord): string[] {
  return events.of('warning').flatMap(({ message }) => (message.includes('address') ? [message] : []));
}

const probe = { checks: { http: { path: '/', interval: '200ms', timeout: '200ms' } } };
const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

describe.each(['main', 'worker'] as const)(
  'with beats from the %s thread and an agent of the other family',
  (thread) => {
    it.each([
      ['0.0.0.0', outside ?? '127.0.0.1'],
      ['127.0.0.1', '127.0.0.1'],
      ['::', '::1'],
      ['::1', '::1'],
    ])('a server on %s is reached where readers and probes are sent', async (host, expected) => {
      const { name, registrar, events } = await serving(host, { ...probe, heartbeat: { thread, interval: '500ms' } });
      const { instance } = await events.next('registered');
      const probed = await waitFor(async () => {
        const entry = await readersSee(name);
        return entry?.Checks.every(({ Status }) => Status === 'passing') ? entry : undefined;
      });
      const { Service, Node, Checks } = probed;
      const readers = Service.Address || Node.Address;
      expect(readers).toBe(expected);
      expect(await reach(readers, Service.Port)).toBe('reached');
      const { Output } = Checks.find(({ CheckID }) => CheckID.endsWith(':http'))!;
      expect(Output).toContain(
        `http://${expected.includes(':') ? `[${expected}]` : expected}:${String(Service.Port)}/`,
      );

      const isReplaced = host === '0.0.0.0';
      expect(warningsOf(events)).toEqual(
        isReplaced
          ? [expect.stringMatching(new RegExp(`to ::1, .*\\(0\\.0\\.0\\.0\\).*advertising ${expected} instead`))]
          : [],
      );
      expect(registrar.status().address).toBe(instance.address);
      const chosen = registrar.status().addressCandidates.filter((candidate) => candidate.chosen);
      expect(chosen).toMatchObject([{ address: Service.Address === '' ? undefined : expected }]);
    });
  },
);

it('a server on :: that takes IPv6 alone is registered at an address that it takes', async () => {
  const ofIpv4 = inject('consulUrl');
  const { name, events } = await serving('::', { ipv6Only: true, url: ofIpv4 });
  await events.next('registered');
  const entry = await waitFor(() => readersSee(name, ofIpv4));
  expect(entry.Node.Address).not.toContain(':');
  expect(await reach(entry.Service.Address, entry.Service.Port)).toBe('reached');
  expect(warningsOf(events)).toEqual([expect.stringMatching(/only on IPv6 \(::\).*advertising .*:.* instead/)]);
});

it('never lists the address that readers cannot reach, and keeps the right one after a loss', async () => {
  const { name, registrar, events, port } = await serving('0.0.0.0', { heartbeat: { interval: '500ms' } });
  await events.next('registered');
  const { raw } = new Catalog(agent.url, agent.token);
  later(() => {
    raw.close();
  });
  await raw.put(`/v1/agent/service/deregister/${registrar.instance!.id}`);
  await events.next('recovered');
  const entry = await waitFor(() => readersSee(name));
  expect([entry.Service.Address, entry.Service.Port]).toEqual([outside ?? '127.0.0.1', port]);
  expect(warningsOf(events)).toHaveLength(1);
});

it('takes over from its past self at once, whose address it had to state', async () => {
  const first = await serving('0.0.0.0', {
    heartbeat: { interval: '500ms' },
    shutdown: { ...quickStop, policy: 'leave' },
  });
  await first.events.next('registered');
  const { instance } = first.registrar;
  await first.registrar.stop();
  const server = createServer().listen(first.port, '0.0.0.0');
  later(() => server.close());
  await once(server, 'listening');
  const { secret } = await aclsOf(agent).tokenWith(
    leastPolicy({ services: [first.name], discovers: [], keys: [] }).join('\n'),
  );
  const registry = consul({ endpoints: [agent.url], token: secret });
  const registrar = new Registrar({ name: first.name, registry, ttl: '30s', logger: false, shutdown: quickStop }).bind(
    server,
  );
  later(() => registrar.stop());
  const events = recordEvents(registrar);
  void registrar.start();
  expect((await events.next('registered', 5_000)).instance).toMatchObject({
    id: instance!.id,
    address: instance!.address,
  });
});

it('says that it cannot know the address under a token that may not read nodes', async () => {
  const { events, registrar } = await serving('0.0.0.0', {
    ...probe,
    rules: (name) => `service "${name}" { policy = "write" }`,
  });
  await events.next('registered');
  expect(warningsOf(events)).toEqual([expect.stringMatching(/node:read.*SERVICE_ADDRESS/)]);
  expect(registrar.instance?.address).toBeUndefined();
});
