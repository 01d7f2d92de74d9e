import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigError, Registrar, consul, dns, fallback, nearest } from '../../../../src/index.js';
import type { DnsOptions, Listing, Registry } from '../../../../src/index.js';
import { a, answerOf, queried, srv } from './dns-answers.js';

const sockets = new Set<Socket>();
let server: Server | undefined;
let registry: Registry | undefined;
const never = new AbortController().signal;

afterEach(async () => {
  await registry?.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
});

/** A server that does this with each question, whose id is the first argument. */
async function serving(onQuestion: (id: number, socket: Socket) => void, options: DnsOptions = {}): Promise<Registry> {
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (question) => onQuestion(question.readUInt16BE(2), socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  registry = dns({ server: `127.0.0.1:${String((server.address() as AddressInfo).port)}`, ...options });
  return registry;
}

function framed(bytes: Buffer, id: number): Buffer {
  const copy = Buffer.concat([Buffer.alloc(2), bytes]);
  copy.writeUInt16BE(bytes.length, 0);
  copy.writeUInt16BE(id, 2);
  return copy;
}

const poll = (asked: Registry, signal = never): Promise<Listing> =>
  asked.discovery!.poll('orders', undefined, signal, {});
const answer = answerOf([srv('n1.consul', 3000, { ttl: 120 })], [a('n1.consul', '10.0.0.7', 120)]);
const unavailable = { code: 'ROLLCALL_REGISTRY_UNAVAILABLE', registry: 'dns', operation: 'discover' };

it('reads an answer, however it is cut into pieces', async () => {
  const asked = await serving((id, socket) => {
    const whole = framed(answer, id);
    socket.setNoDelay(true);
    for (const piece of [whole.subarray(0, 1), whole.subarray(1, 9), whole.subarray(9)])
      setImmediate(() => socket.write(piece));
  });
  expect((await poll(asked)).instances.map(({ id }) => id)).toEqual(['10.0.0.7:3000']);
});

it.each([
  [undefined, 120, 30_000],
  ['5m', 120, 120_000],
  ['5m', 3_600, 300_000],
  [undefined, 0, 1_000],
] as const)('with maxTtl %s, a TTL of %i s counts for %i ms', async (maxTtl, ttl, freshForMs) => {
  const bytes = answerOf([srv('n1.consul', 3000, { ttl })]);
  const asked = await serving((id, socket) => socket.write(framed(bytes, id)), maxTtl ? { maxTtl } : {});
  expect((await poll(asked)).freshForMs).toBe(freshForMs);
});

it('has no instances where there is no such name', async () => {
  const asked = await serving((id, socket) => socket.write(framed(answerOf([], [], { code: 3 }), id)));
  expect(await poll(asked)).toEqual({ instances: [], freshForMs: 1_000 });
});

it.each<[string, RegExp, (id: number, socket: Socket) => void]>([
  ['fails', /answered SERVFAIL/, (id, socket) => socket.write(framed(answerOf([], [], { code: 2 }), id))],
  ['cuts its answer', /cut off/, (id, socket) => socket.write(framed(answerOf([], [], { flags: 512 }), id))],
  ['answers nothing', /no answer.*ended/, (_id, socket) => socket.end()],
  ['stops in the middle', /no answer.*ended/, (id, socket) => socket.end(framed(answer, id).subarray(0, 30))],
  ['resets', /no answer/, (_id, socket) => socket.resetAndDestroy()],
  [
    'speaks HTTP',
    /no answer.*no DNS message/,
    (_id, socket) => socket.end(`HTTP/1.1 400 No\r\n\r\n${'x'.repeat(30_000)}`),
  ],
  ['answers another question', /another question/, (id, socket) => socket.write(framed(answer, id ^ 1))],
  ['sends zeros', /no answer/, (_id, socket) => socket.write(Buffer.alloc(100_000))],
])('is not available when the server %s', async (_what, message, onQuestion) => {
  const asked = await serving(onQuestion);
  await expect(poll(asked)).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringMatching(message) as string,
  });
});

it('ends a question with its signal, and with the registry, and leaves no connection', async () => {
  const asked = await serving(() => undefined);
  const controller = new AbortController();
  const first = poll(asked, controller.signal);
  const second = poll(asked);
  const refused = Promise.all([expect(first).rejects.toThrow('enough'), expect(second).rejects.toBeDefined()]);
  while (sockets.size < 2) await once(server!, 'connection');
  controller.abort(new Error('enough'));
  await asked.close();
  await refused;
  await Promise.all([...sockets].filter(({ destroyed }) => !destroyed).map((socket) => once(socket, 'close')));
});

it('refuses a name that DNS cannot have, before it asks', async () => {
  const asked = await serving(() => undefined);
  for (const name of ['or ders', 'x'.repeat(64), 'a..b'])
    await expect(asked.discovery!.poll(name, undefined, never)).rejects.toMatchObject({
      code: 'ROLLCALL_REGISTRY_REJECTED',
    });
  expect(sockets.size).toBe(0);
});

describe('without registrations', () => {
  it('refuses each verb that would write or read one', async () => {
    const one = dns();
    for (const verb of [
      one.read({ name: 'orders', id: 'a' }, never),
      one.register({} as never, {} as never, never),
      one.remove({ name: 'orders', id: 'a' }, never),
    ])
      await expect(verb).rejects.toMatchObject({ code: 'ROLLCALL_REGISTRY_REJECTED', message: /read-only/ });
  });

  it('is refused by a Registrar and by compositions, in one line that says why', () => {
    const readOnly = /registry.*takes registrations; dns\(\) is read-only.*createResolver/s;
    expect(() => new Registrar({ name: 'orders', registry: dns(), logger: false })).toThrow(readOnly);
    expect(() => fallback([consul(), dns()])).toThrow(readOnly);
    expect(() => nearest([consul(), dns()])).toThrow(readOnly);
  });
});

describe('its options', () => {
  it.each([
    { server: '127.0.0.1' },
    { server: 'http://127.0.0.1:8600' },
    { server: '127.0.0.1:0' },
    { server: '127.0.0.1:70000' },
    { server: 'user@host:53' },
    { server: 7 as never },
    { domain: '' },
    { domain: 'a b' },
    { maxTtl: '0.5s' },
    { maxTtl: '6m' },
    { maxTtl: 'soon' },
  ])('refuses %j', (options) => {
    const [field] = Object.keys(options);
    expect(() => dns(options)).toThrow(ConfigError);
    expect(() => dns(options)).toThrow(new RegExp(`${field!}: got`));
  });

  it('takes a name, an IPv6 address and any port', () => {
    expect(dns({ server: '[::1]:80' }).endpoint).toEqual({ host: '::1', port: 80 });
    expect(dns({ server: 'dns.example:53' }).endpoint).toEqual({ host: 'dns.example', port: 53 });
    expect(dns().endpoint).toEqual({ host: '127.0.0.1', port: 8600 });
    expect(dns().traits.isLocal).toBe(true);
    expect(dns({ server: '10.0.0.1:53' }).traits.isLocal).toBe(false);
  });
});

it('asks for the name of the service below the domain, in the datacenter', async () => {
  const names: string[] = [];
  const asked = await serving(() => undefined, { domain: 'Example.' });
  server!.removeAllListeners('connection');
  server!.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('data', (question) => {
      names.push(question.toString('latin1', 14, question.length - 5));
      socket.destroy();
    });
  });
  await expect(poll(asked)).rejects.toMatchObject(unavailable);
  await expect(asked.discovery!.poll('Orders', undefined, never, { datacenter: 'dc2' })).rejects.toBeDefined();
  expect(names).toEqual(['\x06orders\x07service\x07example', '\x06orders\x07service\x03dc2\x07example']);
  expect(queried.name).toBe('orders.service.consul');
});
