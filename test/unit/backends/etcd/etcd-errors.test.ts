import { describe, expect, it } from 'vitest';
import { asksForToken, isGood, meansNoLease, needsNoToken } from '../../../../src/backends/etcd/etcd-answer.js';
import type { Answer } from '../../../../src/backends/etcd/etcd-answer.js';
import { refusal } from '../../../../src/backends/etcd/etcd-errors.js';

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
    [404, 5, 'etcdserver: requested lease not found', 'ROLLCALL_REGISTRY_UNAVAILABLE'],
    [401, 16, 'etcdserver: invalid auth token', 'ROLLCALL_REGISTRY_DENIED'],
    [403, 7, 'etcdserver: permission denied', 'ROLLCALL_REGISTRY_DENIED'],
    [400, 3, 'etcdserver: user name is empty', 'ROLLCALL_REGISTRY_DENIED'],
    [400, 3, 'etcdserver: authentication failed, invalid user ID or password', 'ROLLCALL_REGISTRY_DENIED'],
    [400, 3, 'etcdserver: request is too large', 'ROLLCALL_REGISTRY_REJECTED'],
    [503, 14, 'etcdserver: no leader', 'ROLLCALL_REGISTRY_UNAVAILABLE'],
    [500, 2, 'context deadline exceeded', 'ROLLCALL_REGISTRY_UNAVAILABLE'],
    [429, 8, 'etcdserver: mvcc: database space exceeded', 'ROLLCALL_REGISTRY_UNAVAILABLE'],
  ])('HTTP %d with code %d, %s, is %s', (status, code, message, expected) => {
    const error = refusal(answerOf(status, make(code, message)), 'renew', 'http://etcd');
    expect(error).toMatchObject({ code: expected, registry: 'etcd', operation: 'renew' });
    expect(error.message).toContain(message);
    expect(error.message).toContain('http://etcd');
  });

  it('tells what a verb or the client has to do about it', () => {
    const about = (code: number, message: string, status = 400) => answerOf(status, make(code, message));
    expect(meansNoLease(about(5, 'etcdserver: requested lease not found', 404))).toBe(true);
    expect(meansNoLease(about(5, 'Not Found', 404))).toBe(false);
    expect(asksForToken(about(3, 'etcdserver: user name is empty'))).toBe(true);
    expect(asksForToken(about(3, 'etcdserver: revision of auth store is old'))).toBe(true);
    expect(asksForToken(about(7, 'etcdserver: permission denied', 403))).toBe(false);
    expect(needsNoToken(about(9, 'etcdserver: authentication is not enabled'))).toBe(true);
  });
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
