import { describe, expect, it } from 'vitest';
import { seal } from '../../../src/cluster/messages.js';
import { readFromWorker, readToWorker } from '../../../src/cluster/read-message.js';

const instance = {
  name: 'orders',
  id: 'orders-1',
  nonce: 'n',
  port: 80,
  address: '10.0.0.7',
  tags: ['v1'],
  meta: { zone: 'a' },
  weights: { passing: 10, warning: 1 },
  ttlMs: 3_000,
  checks: [{ kind: 'tcp', target: '10.0.0.7:80', intervalMs: 1, timeoutMs: 1 }],
};
const report = { status: 'passing', reason: 'ok' };
const key = { name: 'orders', id: 'orders-1', nonce: 'n' };
const sealed = (message: object) => seal('orders', message as never);
const request = (content: unknown, number: unknown = 1) => sealed({ kind: 'request', number, request: content });

describe('a message of a worker', () => {
  it.each([
    { verb: 'read', key },
    { verb: 'register', instance, report },
    { verb: 'renew', key: { name: 'orders', id: 'orders-1' }, report },
    { verb: 'remove', key: { ...key, namespace: 'team', partition: 'eu' } },
    // Of a newer worker: what this version does not know is left alone.
    { verb: 'register', instance: { ...instance, mood: 'sunny' }, report, since: 7 },
  ])('is a request of a verb with its data: %j', (content) => {
    expect(readFromWorker('orders', request(content))).toEqual({ kind: 'request', number: 1, request: content });
  });

  it.each([
    undefined,
    null,
    7,
    'hello',
    [],
    {},
    { kind: 'hello' },
    seal('payments', { kind: 'hello' }),
    sealed({}),
    sealed({ kind: 'goodbye' }),
    sealed({ kind: 'request' }),
    sealed({ kind: 'request', number: 1 }),
    request(undefined),
    request({ verb: 'listAll' }),
    request({ verb: 'constructor' }),
    request({ verb: 'toString' }),
    request({ verb: 'read', key }, 'one'),
    request({ verb: 'read', key }, NaN),
  ])('is ignored when it is not ours, or of a kind that this version does not know: %j', (message) => {
    expect(readFromWorker('orders', message)).toBeUndefined();
  });

  const malformed: readonly (readonly [
    content: { readonly verb: string; readonly [part: string]: unknown },
    part: string,
  ])[] = [
    [{ verb: 'read' }, 'key'],
    [{ verb: 'read', key: { name: 'orders', id: 7 } }, 'key'],
    [{ verb: 'remove', key: { ...key, nonce: {} } }, 'key'],
    [{ verb: 'renew', report }, 'key'],
    [{ verb: 'renew', key, report: { status: 'splendid', reason: 'ok' } }, 'report'],
    [{ verb: 'register' }, 'instance'],
    [{ verb: 'register', instance }, 'report'],
    ...[
      { ttlMs: NaN },
      { ttlMs: -5 },
      { ttlMs: 2 ** 31 },
      { port: 70_000 },
      { tags: 'v1' },
      { tags: [7] },
      { meta: { zone: 7 } },
      { meta: null },
      { weights: { passing: 'many' } },
      { checks: undefined },
      { checks: [{}] },
      { address: {} },
      { nonce: undefined },
    ].map((wrong) => [{ verb: 'register', instance: { ...instance, ...wrong }, report }, 'instance'] as const),
  ];
  it.each(malformed)('says what is wrong with the data of a verb: %j', (content, part) => {
    expect(readFromWorker('orders', request(content, 9))).toEqual({
      kind: 'malformed',
      number: 9,
      problem: `its ${content.verb} request lacks a valid ${part}`,
    });
  });
});

describe('a message of the primary', () => {
  const entry = { instance: { ...key, tags: [], meta: {} }, status: 'passing', checks: [] };
  const answer = (content: unknown) => sealed({ kind: 'answer', number: 1, answer: content });

  it.each([
    { outcome: 'done' },
    { outcome: 'done', entry },
    { outcome: 'done', entry: { ...entry, maintenance: { reason: 'disks' } } },
    { outcome: 'done', handedOver: true },
    { outcome: 'lost' },
    { outcome: 'refused', problem: 'another port' },
  ])('is an answer: %j', (content) => {
    expect(readToWorker('orders', answer(content))).toEqual({ kind: 'answer', number: 1, answer: content });
  });

  it.each([
    sealed({ kind: 'postponed' }),
    answer(undefined),
    answer({ outcome: 'perhaps' }),
    answer({ outcome: 'refused' }),
    answer({ outcome: 'done', handedOver: 'yes' }),
    answer({ outcome: 'done', entry: { ...entry, instance: {} } }),
    answer({ outcome: 'done', entry: { ...entry, checks: 'none' } }),
    answer({ outcome: 'done', entry: { ...entry, status: 'splendid' } }),
  ])('is ignored when this version does not know it: %j', (message) => {
    expect(readToWorker('orders', message)).toBeUndefined();
  });

  it('may be one of the others', () => {
    expect(readToWorker('orders', sealed({ kind: 'here', since: 7 }))).toEqual({ kind: 'here' });
    expect(readToWorker('orders', sealed({ kind: 'stop' }))).toEqual({ kind: 'stop' });
  });
});
