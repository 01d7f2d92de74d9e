import { afterAll, beforeAll, expect, it } from 'vitest';
import { consul, consulKv } from 'rollcall';
import type { ConfigSource, ConsulAgentsOptions, HealthStatus, Registry } from 'rollcall';
import { bare, full } from './instances.js';
import { readGolden } from './read-golden.js';
import { startRecordingServer } from './recording-server.js';
import type { RecordingServer } from './recording-server.js';

interface Golden {
  /** What is sent with each request; an absent body is an empty one. */
  readonly requests: Readonly<Record<string, readonly { readonly request: string; readonly body?: object }[]>>;
  readonly headers: Readonly<Record<'call' | 'heartbeat', object>>;
  /** Answers of an agent, and what they are read as. */
  readonly entries: Readonly<Record<string, { readonly answer: object; readonly reads: object }>>;
  readonly instances: { readonly answer: object; readonly reads: object };
  readonly keyValues: { readonly answer: object; readonly reads: object };
  /** What is written to an open connection at the 'exit' event: lines of the requests, `agent` in place of its address. */
  readonly departures: Readonly<Record<string, readonly string[]>>;
}

const golden = readGolden<Golden>('consul');
const { signal } = new AbortController();
const passing = { status: 'passing', reason: 'ok' } as const;
const key = { name: full.name, id: full.id, namespace: full.namespace!, partition: full.partition! };
const closing: (Registry | ConfigSource)[] = [];
let entry: object = golden.entries['written by us']!.answer;
let agent: RecordingServer;

beforeAll(async () => {
  agent = await startRecordingServer(({ line }) => {
    const answers: readonly [string, object][] = [
      ['/v1/agent/health/service/id/', entry],
      ['/v1/agent/services', {}],
      ['/v1/health/service/', golden.instances.answer],
      ['/v1/kv/', golden.keyValues.answer],
    ];
    const body = answers.find(([path]) => line.startsWith(`GET ${path}`))?.[1];
    return {
      headers: { 'x-consul-index': '7', 'x-consul-contenthash': 'hash-1' },
      ...(body && { body: JSON.stringify(body) }),
    };
  });
});

afterAll(async () => {
  for (const one of closing) await one.close();
  agent.close();
});

function closed<T extends Registry | ConfigSource>(made: T): T {
  closing.push(made);
  return made;
}

const registry = (options: ConsulAgentsOptions = {}) => closed(consul({ endpoints: [agent.url], ...options }));
const kv = () => closed(consulKv('config/my orders', { endpoints: [agent.url] }));

/** Registers, forgets what that sent, and goes on with the receipt. */
async function registered() {
  const registration = await registry().register(full, passing, signal);
  agent.take();
  return registration;
}

const beat = (status: HealthStatus, reason: string) => async () =>
  (await registered()).renew({ status, reason }, signal);

const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
  'register, every field': () => registry().register(full, passing, signal),
  'register, no optional field': () => registry().register(bare, passing, signal),
  'register, scope of the registry': () =>
    registry({ namespace: 'team', partition: 'blue' }).register(bare, passing, signal),
  'register, in maintenance': () =>
    registry().register(bare, { status: 'maintenance', reason: 'rollcall: new disks' }, signal),
  'heartbeat, passing': beat('passing', 'ok'),
  'heartbeat, warning': beat('warning', 'warning: db "käse" failed'),
  'heartbeat, critical': beat('critical', 'critical: db timeout'),
  'heartbeat, maintenance': beat('maintenance', 'rollcall: new disks'),
  'wait for a change': async () => {
    const registration = await registered();
    await registration.changed!(signal);
  },
  'look for several': async () => (await registered()).presence!.present([full, bare], signal),
  'look for a name that needs quotes': async () =>
    (await registered()).presence!.present([{ name: 'my orders', id: 'a' }], signal),
  read: () => registry().read(key, signal),
  'maintenance on': () => registry().maintain!({ ...key, nonce: full.nonce }, 'rollcall: new disks & more', signal),
  'maintenance off': () => registry().maintain!(key, undefined, signal),
  deregister: async () => (await registered()).deregister(signal),
  'remove of another incarnation': () => registry().remove({ ...key, nonce: 'another' }, signal),
  discover: () => registry().discovery!.poll('my orders', undefined, signal),
  'discover, long poll': () => registry().discovery!.poll('orders', '7', signal),
  configuration: () => kv().poll(undefined, signal),
  'configuration, long poll': () => kv().poll('7', signal),
};

it.each(Object.keys(scenarios))('sends the golden bytes: %s', async (name) => {
  agent.take();
  await scenarios[name]!();
  const sent = agent.take().map(({ line, body }) => ({ line, body }));
  expect(sent).toEqual(
    golden.requests[name]?.map(({ request, body }) => ({
      line: request,
      body: body === undefined ? '' : JSON.stringify(body),
    })),
  );
});

it('has a scenario for all that is golden', () => {
  expect(Object.keys(golden.requests)).toEqual(Object.keys(scenarios));
});

it('sends the token and the type of the body as golden headers', async () => {
  const registration = await registry({ token: 'token-1' }).register(bare, passing, signal);
  await registration.renew(passing, signal);
  const [call, heartbeat] = agent
    .take()
    .map(({ headers }) => ({ ...headers, host: undefined, connection: undefined, 'content-length': undefined }));
  expect({ call, heartbeat }).toEqual(golden.headers);
});

it.each(Object.entries(golden.entries))('reads an entry: %s', async (_name, { answer, reads }) => {
  entry = answer;
  expect(await registry().read(key, signal)).toEqual(reads);
});

it('reads the catalogue and the key-value store', async () => {
  expect((await registry().discovery!.poll('orders', undefined, signal)).instances).toEqual(golden.instances.reads);
  expect((await kv().poll(undefined, signal)).values).toEqual(golden.keyValues.reads);
});

it.each(['deregister', 'maintenance', 'critical'] as const)(
  'leaves at an exit with golden bytes: %s',
  async (policy) => {
    entry = golden.entries['written by us']!.answer;
    const opened = registry({ token: 'token-1' });
    await (await opened.register(full, passing, signal)).renew(passing, signal);
    const [departure] = opened.departures!({ instance: full, policy, freshMs: 1_000 });
    if (departure?.kind !== 'http') throw new Error('There is no open connection.');
    const lines = (bytes: Buffer | undefined) => String(bytes).replace(new URL(agent.url).host, 'agent').split('\r\n');
    expect(lines(departure.look.request)).toEqual(golden.departures['look']);
    const whenOurs = departure.look.next({ status: 200, text: JSON.stringify(entry) });
    expect(lines(whenOurs)).toEqual(golden.departures[policy]);
    expect(departure.look.next({ status: 404, text: '' })).toBeUndefined();
  },
);
