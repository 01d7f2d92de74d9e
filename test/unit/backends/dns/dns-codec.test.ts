import { TRUNCATED_RESPONSE, decode } from 'dns-packet';
import { expect, it } from 'vitest';
import { decodeAnswer, encodeQuery } from '../../../../src/backends/dns/dns-codec.js';
import { instancesIn } from '../../../../src/backends/dns/dns-instances.js';
import { seededRandom } from '../../../support/seeded.js';
import { a, aaaa, answerOf, cname, queried, srv } from './dns-answers.js';

const read = (bytes: Buffer) => decodeAnswer(bytes, queried);
const soa = (ttl: number, minimum: number) => ({
  type: 'SOA' as const,
  name: 'consul',
  ttl,
  data: { mname: 'ns.consul', rname: 'x.consul', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});

it('asks for SRV records, with the length in front', () => {
  const bytes = encodeQuery(queried);
  expect(bytes.readUInt16BE(0)).toBe(bytes.length - 2);
  expect(decode(bytes.subarray(2))).toMatchObject({
    id: 7,
    type: 'query',
    questions: [{ type: 'SRV', class: 'IN', name: queried.name }],
  });
});

it('reads the records that matter, with names in lower case, and leaves out all others', () => {
  const other = { type: 'TXT' as const, class: 'IN' as const, name: 'x.consul', ttl: 1, data: 'x' };
  const chaos = { ...a('x.consul', '10.0.0.1'), class: 'CH' } as ReturnType<typeof a>;
  const bytes = answerOf(
    [srv('Node.Consul', 3000, { priority: 2, weight: 5 }), other, chaos],
    [a('NODE.consul', '10.0.0.7'), aaaa('node.consul', 'fd00::1'), cname('one.consul', 'node.consul')],
  );
  expect(read(bytes)).toEqual({
    kind: 'records',
    records: [
      { kind: 'srv', name: queried.name, ttlMs: 10_000, target: 'node.consul', port: 3000, priority: 2, weight: 5 },
      { kind: 'address', name: 'node.consul', ttlMs: 10_000, family: 4, address: '10.0.0.7' },
      { kind: 'address', name: 'node.consul', ttlMs: 10_000, family: 6, address: 'fd00::1' },
      { kind: 'alias', name: 'one.consul', ttlMs: 10_000, target: 'node.consul' },
    ],
  });
});

it('takes a TTL with the highest bit set for 0', () => {
  const answer = read(answerOf([srv('node.consul', 3000, { ttl: 2 ** 31 })]));
  expect(answer).toMatchObject({ records: [{ ttlMs: 0 }] });
});

it('knows that there is no such name, and how long that counts', () => {
  expect(read(answerOf([], [], { code: 3 }))).toEqual({ kind: 'none', ttlMs: 0 });
  expect(read(answerOf([], [], { code: 3, authorities: [soa(60, 5)] }))).toEqual({ kind: 'none', ttlMs: 5_000 });
  expect(read(answerOf([], [], { authorities: [soa(4, 5)] }))).toEqual({ kind: 'none', ttlMs: 4_000 });
});

it.each([
  [2, 'SERVFAIL'],
  [5, 'REFUSED'],
  [4, 'NOTIMP'],
])('tells a failure with code %i by its name, with the question and without', (code, name) => {
  expect(read(answerOf([], [], { code }))).toEqual({ kind: 'failed', code: name });
  expect(read(answerOf([], [], { code, questions: [] }))).toEqual({ kind: 'failed', code: name });
});

it('takes an answer that was cut for none, also if it does not say so', () => {
  const records = (count: number) => Array.from({ length: count }, (_, at) => srv(`n${at}.node.dc1.consul`, 3000));
  expect(read(answerOf([srv('node.consul', 3000)], [], { flags: TRUNCATED_RESPONSE }))).toEqual({ kind: 'truncated' });
  const full = answerOf(records(1_070));
  expect(full.length).toBeLessThan(65_536);
  expect(read(full)).toEqual({ kind: 'truncated' });
});

it.each([
  ['another id', { id: 8 }],
  ['another name', { questions: [{ type: 'SRV' as const, name: 'users.service.consul' }] }],
  ['another type', { questions: [{ type: 'A' as const, name: queried.name }] }],
  ['no question', { questions: [] }],
  ['a question', { type: 'query' as const }],
])('refuses %s', (_what, more) => {
  expect(() => read(answerOf([srv('node.consul', 3000)], [], more))).toThrow(/^it (answers another question|is no)/);
});

it('follows no pointer that leads in a circle', () => {
  const bytes = answerOf([srv('node.consul', 3000)]);
  for (let at = 12; at < bytes.length - 1; at += 1) {
    const bent = Buffer.from(bytes);
    bent.writeUInt16BE(0xc000 | at, at);
    expect(outcomeOf(bent)).toMatch(/^(read|refused)$/);
  }
});

it('reads anything that a server may send, or refuses it in plain words', () => {
  const random = seededRandom(18);
  const whole = answerOf(
    [srv('node.consul', 3000), srv('one.consul', 3001)],
    [a('node.consul', '10.0.0.7'), cname('one.consul', 'node.consul')],
  );
  const seen = { read: 0, refused: 0 };
  for (let round = 0; round < 1_500; round += 1) {
    const bytes = round % 4 === 0 ? Buffer.alloc(Math.floor(random() * 600)) : Buffer.from(whole);
    const changes = round % 4 === 0 ? bytes.length : 1 + Math.floor(random() * 6);
    for (let change = 0; change < changes && bytes.length > 0; change += 1)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const end = round % 3 === 0 ? Math.floor(random() * bytes.length) : bytes.length;
    seen[outcomeOf(bytes.subarray(0, end))] += 1;
  }
  expect(seen.read).toBeGreaterThan(50);
  expect(seen.refused).toBeGreaterThan(50);
});

/** Of what is read, everything must be of the right shape. */
function outcomeOf(bytes: Buffer): 'read' | 'refused' {
  let answer;
  try {
    answer = read(bytes);
  } catch (error) {
    expect((error as Error).message).toMatch(/^it (answers another question|is no (DNS message|response))$/);
    return 'refused';
  }
  if (answer.kind !== 'records') return 'read';
  const { instances, ttlMs } = instancesIn(answer.records, queried.name, 'orders');
  expect(ttlMs).toBeGreaterThanOrEqual(0);
  for (const { id, address, port } of instances) {
    expect(id).toMatch(/^[\w.[\]:-]+:\d+$/);
    expect(URL.canParse(`http://${id}`)).toBe(true);
    expect(address).not.toBe('');
    expect(port).toBeGreaterThan(0);
  }
  return 'read';
}
