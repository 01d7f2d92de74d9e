import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { etcd } from 'rollcall';
import type { EtcdLayout, EtcdOptions, HealthReport, Registration, Registry } from 'rollcall';
import { bare, full } from './instances.js';
import { readGolden } from './read-golden.js';
import { waitFor } from '../../support/wait-for.js';
import { startRecordingServer } from './recording-server.js';
import type { RecordedRequest, RecordingServer, Reply } from './recording-server.js';

/** A request with its keys and values as texts, or as what is JSON in them: on the wire they are base64. */
interface GoldenRequest {
  readonly request: string;
  readonly body: object | readonly object[];
}

interface Golden {
  readonly requests: Readonly<Record<string, readonly GoldenRequest[]>>;
  /** Keys and values, and what they are read as. */
  readonly stored: Readonly<
    Record<
      string,
      { readonly key: string; readonly value: object; readonly entry: object; readonly listed: readonly object[] }
    >
  >;
}

const golden = readGolden<Golden>('etcd');
const { signal } = new AbortController();
const passing = { status: 'passing', reason: 'ok' } as const;
const small = { ...bare, name: full.name, id: full.id, address: '10.0.0.1', port: 8080 };
const hostile = { ...bare, name: '100%/a', id: 'half \ud83d/1', address: '::1', port: 80 };
const layout: EtcdLayout = ({ id, port }) => ({ key: `/services/${id}`, value: JSON.stringify({ port }) });

/** The only key that is there: the record written last. */
let kvs: readonly object[] = [];
let member: RecordingServer;
const registries: Registry[] = [];

const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');

/** The golden body as it goes over the wire; several are those of one stream. */
function bytesOf(body: GoldenRequest['body']): string {
  const encode = (field: string, value: unknown) =>
    ['key', 'range_end', 'value'].includes(field) ? base64(value) : value;
  return [body]
    .flat()
    .map((each) => JSON.stringify(each, encode))
    .join('');
}

/** Grants the lease 7, and keeps what a transaction puts first: the record. */
function reply({ line, body }: RecordedRequest): Reply {
  const header = { revision: '12' };
  if (line.endsWith('/v3/kv/txn')) {
    const { success = [] } = JSON.parse(body) as { success?: { request_put?: object }[] };
    const [first] = success;
    if (first?.request_put !== undefined) kvs = [{ ...first.request_put, mod_revision: '12' }];
    return { body: JSON.stringify({ header, succeeded: true }) };
  }
  const answers: readonly [string, unknown][] = [
    ['/v3/kv/range', { header, kvs }],
    ['/v3/lease/grant', { header, ID: '7', TTL: '10' }],
    ['/v3/lease/keepalive', { result: { header, ID: '7', TTL: '10' } }],
    ['/v3/lease/revoke', { header }],
    ['/v3/auth/authenticate', { token: 'token-1' }],
  ];
  const answer = answers.find(([path]) => line.endsWith(path))?.[1];
  return {
    body: answer === undefined ? '{"result":{}}\n{"result":{}}\n{"result":{"events":[{}]}}\n' : JSON.stringify(answer),
  };
}

beforeAll(async () => {
  member = await startRecordingServer(reply);
});
afterAll(() => member.close());
beforeEach(() => {
  kvs = [];
  member.take();
});
afterEach(async () => {
  for (const registry of registries.splice(0)) await registry.close();
});

function registry(options: EtcdOptions = {}): Registry {
  const made = etcd({ endpoints: [member.url], ...options });
  registries.push(made);
  return made;
}

/** Registers and beats, forgets what that sent, and goes on with the receipt. */
async function after(beats: readonly HealthReport[], options: EtcdOptions = {}): Promise<Registration> {
  const registration = await registry(options).register(small, passing, signal);
  for (const beat of beats) await registration.renew(beat, signal);
  member.take();
  return registration;
}

const critical = { status: 'critical', reason: 'critical: db "käse" failed' } as const;
const maintenance = { status: 'maintenance', reason: 'rollcall: new disks' } as const;
const key = { name: full.name, id: full.id };

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  'register, every field': () => registry().register(full, passing, signal),
  'register, no optional field': () => registry().register(bare, passing, signal),
  'register, a name and an id to be escaped': () => registry().register(hostile, passing, signal),
  'register, in maintenance': () => registry().register(bare, maintenance, signal),
  'first passing heartbeat, naming/endpoints': async () =>
    (await registry().register(full, passing, signal)).renew(passing, signal),
  'first passing heartbeat, a layout of the user': async () => (await after([], { layout })).renew(passing, signal),
  'first passing heartbeat, a name and an id to be escaped': async () =>
    (await registry().register(hostile, passing, signal)).renew(passing, signal),
  'first passing heartbeat, nothing to dial': async () =>
    (await registry().register(bare, passing, signal)).renew(passing, signal),
  'same heartbeat again': async () => (await after([passing])).renew(passing, signal),
  'heartbeat, critical after passing': async () => (await after([passing])).renew(critical, signal),
  'heartbeat, maintenance after passing': async () => (await after([passing])).renew(maintenance, signal),
  'maintenance on': async () => {
    await after([passing]);
    await registry().maintain!({ ...key, nonce: small.nonce }, maintenance.reason, signal);
  },
  'wait for a change': async () => (await after([passing])).changed!(signal),
  read: () => registry().read(key, signal),
  discover: () => registry().discovery!.poll('orders', undefined, signal),
  'watch a service': () =>
    registry().discovery!.watch!([{ service: 'orders', revision: 12 }], () => undefined, signal).catch(() => undefined),
  'watch many services': () => {
    const services = Array.from({ length: 21 }, (_, at) => ({ service: `s-${at}`, revision: 12 + at }));
    return registry().discovery!.watch!(services, () => undefined, signal).catch(() => undefined);
  },
  deregister: async () => (await after([])).deregister(signal),
  'remove, what is on no lease': () => {
    kvs = [{ value: base64(golden.stored['passing']!.value), mod_revision: '3' }];
    return registry().remove(key, signal);
  },
  authenticate: () => registry({ username: 'root', password: 'secret' }).read(key, signal),
};

it.each(Object.keys(scenarios))('sends the golden bytes: %s', async (name) => {
  await scenarios[name]!();
  const expected = golden.requests[name]?.map(({ request, body }) => ({ line: request, body: bytesOf(body) })) ?? [];
  const sent: { line: string; body: string }[] = [];
  // Some go out at once, and may arrive in any order, and after the answer to the first.
  await waitFor(() => {
    sent.push(...member.take().map(({ line, body }) => ({ line, body })));
    return sent.length >= expected.length;
  });
  const inOrder = (requests: { line: string; body: string }[]) =>
    requests.sort((one, other) => (one.line + one.body).localeCompare(other.line + other.body));
  expect(inOrder(sent)).toEqual(inOrder(expected));
});

it('has a scenario for all that is golden', () => {
  expect(Object.keys(golden.requests)).toEqual(Object.keys(scenarios));
});

it.each(Object.entries(golden.stored))('reads back: %s', async (_name, { key: stored, value, entry, listed }) => {
  kvs = [{ key: base64(stored), value: base64(value), mod_revision: '3', lease: '7' }];
  expect(await registry().read(key, signal)).toEqual(entry);
  expect((await registry().discovery!.poll('orders', undefined, signal)).instances).toEqual(listed);
});
