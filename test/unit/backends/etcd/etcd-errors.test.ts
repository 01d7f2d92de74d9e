import { describe, expect, it } from 'vitest';
import { isGood } from '../../../../src/backends/etcd/etcd-answer.js';
import type { Answer } from '../../../../src/backends/etcd/etcd-answer.js';
import { isRefusal, notEtcd, refusal, unreachable } from '../../../../src/backends/etcd/etcd-errors.js';
import { meaningOf, meanings, means } from '../../../../src/backends/etcd/etcd-meanings.js';

/** One refusal in the shapes that it comes in: of 3.4, of 3.5 and later, and of a stream. */
const shapes: [string, (code: number, message: string) => object][] = [
  ['3.4', (code, message) => ({ error: message, message, code })],
  ['3.5 and later', (code, message) => ({ code, message })],
  ['a stream', (grpc_code, message) => ({ error: { grpc_code, http_code: 400, message, http_status: 'Bad Request' } })],
  ['a newer stream', (code, message) => ({ error: { code, message, details: [] } })],
];

const answerOf = (status: number, body: object | undefined, text = JSON.stringify(body)): Answer => ({
  status,
  body,
  text,
});

describe.each(shapes)('a refusal in the shape of %s', (_shape, make) => {
  it.each([
    [404, 5, 'etcdserver: requested lease not found', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'no lease'],
    [401, 16, 'etcdserver: invalid auth token', 'ROLLCALL_REGISTRY_DENIED', 'stale token'],
    [400, 3, 'etcdserver: revision of auth store is old', 'ROLLCALL_REGISTRY_DENIED', 'stale token'],
    [403, 7, 'etcdserver: permission denied', 'ROLLCALL_REGISTRY_DENIED', 'no right'],
    [400, 3, 'etcdserver: user name is empty', 'ROLLCALL_REGISTRY_DENIED', 'no user'],
    [
      400,
      3,
      'etcdserver: authentication failed, invalid user ID or password',
      'ROLLCALL_REGISTRY_DENIED',
      'wrong password',
    ],
    [400, 9, 'etcdserver: authentication is not enabled', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'no authentication'],
    [400, 3, 'etcdserver: request is too large', 'ROLLCALL_REGISTRY_REJECTED', 'too large'],
    [429, 8, 'grpc: received message larger than max (9 vs. 8)', 'ROLLCALL_REGISTRY_REJECTED', 'too large'],
    [400, 11, 'etcdserver: too large lease TTL', 'ROLLCALL_REGISTRY_REJECTED', 'TTL too long'],
    [400, 11, 'etcdserver: mvcc: required revision has been compacted', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'compacted'],
    [429, 8, 'etcdserver: mvcc: database space exceeded', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'no space'],
    [503, 14, 'etcdserver: rpc not supported for learner', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'learner'],
    [400, 9, 'etcdserver: rpc not supported for learner', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'learner'],
    // What no row describes blames the server, whatever its status and code.
    [503, 14, 'etcdserver: no leader', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'unknown'],
    [400, 9, 'etcdserver: not leader', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'unknown'],
    [400, 3, 'etcdserver: a word of tomorrow', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'unknown'],
    [500, 2, 'context deadline exceeded', 'ROLLCALL_REGISTRY_UNAVAILABLE', 'unknown'],
  ])('HTTP %d with code %d, %s, is %s', (status, code, message, expected, meaning) => {
    const answer = answerOf(status, make(code, message));
    expect(meaningOf(answer).name).toBe(meaning);
    const error = refusal(answer, 'renew', 'http://etcd');
    expect([isRefusal(error), isRefusal(error, 'no space')]).toEqual([meaning !== 'unknown', meaning === 'no space']);
    expect(error).toMatchObject({ code: expected, registry: 'etcd', operation: 'renew' });
    expect(error.message).toContain(message);
    expect(error.message).toContain('http://etcd');
  });
});

it('has a row for each status that something before etcd answers, and none of them for a success', () => {
  const statuses = meanings.flatMap(({ status, name }) => (status === undefined ? [] : [[status, name]]));
  expect(statuses).toEqual([
    [401, 'unknown token'],
    [403, 'no right'],
    [413, 'too large'],
  ]);
  for (const [status, name] of statuses)
    expect(meaningOf(answerOf(Number(status), undefined, '<html>')).name).toBe(name);
  expect(meaningOf(answerOf(200, { header: {} })).name).toBe('unknown');
  expect(means(answerOf(404, undefined, '404 page not found'), 'no lease')).toBe(false);
  expect(meaningOf(answerOf(404, undefined, '404 page not found')).name).toBe('no gateway');
});

it('names the option where a retry cannot help', () => {
  const advised = meanings.filter(({ kind }) => kind === 'malformed').map(({ advice }) => advice);
  expect(advised.every((advice) => /`(tags|ttl)`/.test(advice))).toBe(true);
});

describe('no answer at all', () => {
  const errorOf = (code: string, message = code) => Object.assign(new Error(message), { code });
  it.each([
    ['ECONNREFUSED', errorOf('ECONNREFUSED'), /could not be reached for read \(ECONNREFUSED\)\. Start it there/],
    ['a certificate that is not trusted', errorOf('DEPTH_ZERO_SELF_SIGNED_CERT'), /set etcd\(\{ tls: \{ ca \} \}\)/],
    ['a certificate for another name', errorOf('ERR_TLS_CERT_ALTNAME_INVALID'), /etcd\(\{ tls: \{ serverName \} \}\)/],
    ['a certificate of ours that is missing', errorOf('EPROTO', 'alert bad certificate'), /ETCDCTL_CERT/],
    [
      'an answer over its cap',
      errorOf('ERR_ANSWER_TOO_LONG', 'the answer is longer than 9 bytes, the most that etcd({ maxLookBytes }) allows'),
      /maxLookBytes.*raise that option/,
    ],
    ['a mistake of our own', new TypeError('x is not a function'), /rollcall failed before it sent read/],
  ])('says what to do: %s', (_what, thrown, expected) => {
    const error = unreachable(thrown, 'read', 'https://etcd');
    expect(error).toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringMatching(expected) as string,
    });
    expect(error.message.includes('Start it there')).toBe(thrown.message === 'ECONNREFUSED');
  });
});

it("names the client port for a body that is not etcd's", () => {
  expect(notEtcd('read', 'http://etcd').message).toMatch(/is not etcd's\. Set etcd\(\{ endpoints \}\)/);
});

it('says what may be wrong when there is no gateway, and keeps long words short', () => {
  expect(refusal(answerOf(404, undefined, '404 page not found\n'), 'read', 'http://etcd').message).toMatch(
    /404 page not found\. Set .*ETCDCTL_ENDPOINTS.*JSON gateway/,
  );
  expect(refusal(answerOf(500, undefined, 'x'.repeat(5_000)), 'read', 'http://etcd').message.length).toBeLessThan(
    1_200,
  );
});

it('is good only with a body that is no error, whatever the status says', () => {
  expect(isGood(answerOf(200, { header: {} }))).toBe(true);
  expect(isGood(answerOf(200, { error: { code: 14, message: 'etcdserver: no leader' } }))).toBe(false);
  expect(isGood(answerOf(200, undefined, '<html>'))).toBe(false);
  expect(isGood(answerOf(503, {}))).toBe(false);
});
