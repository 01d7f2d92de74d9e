import { describe, expect, it } from 'vitest';
import { meansAbsent, meansLost } from '../../../../src/backends/consul/consul-answer.js';
import { hasNoLeader } from '../../../../src/backends/consul/consul-discovery.js';
import { refusal, unreachable } from '../../../../src/backends/consul/consul-errors.js';
import { assertAddressable } from '../../../../src/backends/consul/consul-path.js';

const at = 'http://127.0.0.1:8500';
const answer = (status: number, text = '') => ({ status, text, headers: {} });

describe('a refusal by Consul', () => {
  it.each([
    [413, 'ROLLCALL_REGISTRY_REJECTED', false],
    [400, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [405, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [422, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [401, 'ROLLCALL_REGISTRY_DENIED', false],
    [403, 'ROLLCALL_REGISTRY_DENIED', false],
    [301, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [404, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [408, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [429, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [500, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [502, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [503, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
    [504, 'ROLLCALL_REGISTRY_UNAVAILABLE', true],
  ])('with HTTP %i is %s', (status, code, retryable) => {
    expect(refusal(answer(status, 'words of the agent'), 'register', at)).toMatchObject({
      code,
      retryable,
      registry: 'consul',
      operation: 'register',
    });
  });

  it("carries the agent's own words, however long, on one line", () => {
    const words = `Permission denied: token with AccessorID '${'0'.repeat(36)}' lacks permission 'service:write' on "orders"`;
    expect(refusal(answer(403, `${words}\n`), 'register', at).message).toContain(words);
    expect(refusal(answer(500, 'a\n  b'), 'register', at).message).toContain('a b');
    expect(refusal(answer(500, 'x'.repeat(9_000)), 'register', at).message.length).toBeLessThan(1_200);
  });

  it.each([
    [400, 'Request decode failed: json: unknown field "Locality"', 'older than the field'],
    [
      400,
      'Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature',
      'Leave namespace and partition out',
    ],
    [400, 'Client sent an HTTP request to an HTTPS server.', "'https://'"],
    [403, 'ACL not found', 'unknown there or was deleted'],
    [403, 'Permission denied', 'service:write'],
    [403, 'Permission denied', 'npx rollcall policy'],
    [429, 'Your IP is issuing too many concurrent connections', 'too many requests'],
    [404, '', 'HTTP port'],
  ])('says what to do next about %i %s', (status, words, hint) => {
    expect(refusal(answer(status, words), 'register', at).message).toContain(hint);
  });

  it.each([
    [429, { 'retry-after': '7' }, 7_000],
    [503, { 'retry-after': 'Thu, 26 Nov 2026 12:00:09 GMT', date: 'Thu, 26 Nov 2026 12:00:00 GMT' }, 9_000],
    [503, { 'retry-after': 'Thu, 26 Nov 2026 11:59:00 GMT', date: 'Thu, 26 Nov 2026 12:00:00 GMT' }, 0],
    [503, { 'retry-after': 'soon' }, undefined],
    [429, {}, undefined],
    [404, {}, 1_000],
    [302, {}, 1_000],
  ])('with HTTP %i and %j is asked again after %s ms', (status, headers, ms) => {
    expect(refusal({ status, text: '', headers }, 'register', at).retryAfterMs).toBe(ms);
  });

  it.each([
    [400, 'Invalid service address', 'ROLLCALL_REGISTRY_REJECTED'],
    [400, 'Missing service name', 'ROLLCALL_REGISTRY_REJECTED'],
    [400, "Invalid Service Meta: Couldn't load metadata pair ('k', 'v'): Key contains", 'ROLLCALL_REGISTRY_REJECTED'],
    [400, 'Invalid Weights: Passing must be greater than 0', 'ROLLCALL_REGISTRY_REJECTED'],
    [400, 'Invalid check: TTL must be > 0 for TTL checks', 'ROLLCALL_REGISTRY_REJECTED'],
    [400, 'Request decode failed: time: invalid duration "x"', 'ROLLCALL_REGISTRY_REJECTED'],
    // A body that was cut on its way, and what something in front of the agent says.
    [400, 'Request decode failed: unexpected EOF', 'ROLLCALL_REGISTRY_UNAVAILABLE'],
    [400, 'Bad Request', 'ROLLCALL_REGISTRY_UNAVAILABLE'],
    [400, '', 'ROLLCALL_REGISTRY_UNAVAILABLE'],
    [400, 'Client sent an HTTP request to an HTTPS server.', 'ROLLCALL_REGISTRY_UNAVAILABLE'],
  ])('with HTTP %i %j is about the data or not: %s', (status, words, code) => {
    expect(refusal(answer(status, words), 'register', at).code).toBe(code);
    // A beat carries no data of the registration.
    if (words.startsWith('Invalid'))
      expect(refusal(answer(status, words), 'renew', at).code).toBe('ROLLCALL_REGISTRY_UNAVAILABLE');
  });

  it.each([
    [403, 'Permission denied', true],
    [429, '', true],
    [404, '<html>', true],
    [400, 'Bad Request', true],
    [500, 'No cluster leader', true],
    [500, 'rpc error making call: EOF', undefined],
    [502, '', undefined],
    [504, '', undefined],
    [408, '', undefined],
  ])('with HTTP %i %j certainly has no effect: %s', (status, words, answered) => {
    expect(refusal(answer(status, words), 'register', at).answered).toBe(answered);
  });

  it.each([
    new TypeError('x is not a function'),
    Object.assign(new Error('not there'), { code: 'ERR_MODULE_NOT_FOUND' }),
  ])('is none where our own code is at fault: %s', (error) => {
    const { message } = unreachable(error, 'read', at);
    expect(message).toMatch(/rollcall failed in read.*report this as a bug/);
    expect(message).not.toMatch(/reached|Start the agent/);
  });

  it('that a server gave and the agent passes on is one', () => {
    expect(refusal(answer(500, 'rpc error making call: Permission denied'), 'discover', at).code).toBe(
      'ROLLCALL_REGISTRY_DENIED',
    );
  });

  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'CONSUL_CACERT'],
    ['CERT_HAS_EXPIRED', 'out of date'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'CONSUL_TLS_SERVER_NAME'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'CONSUL_CLIENT_CERT'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'CONSUL_CLIENT_CERT'],
    ['EPROTO error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure', 'CONSUL_CLIENT_CERT'],
    ['EPROTO error:0A00010B:SSL routines:ssl3_get_record:wrong version number', 'HTTPS port'],
    ['ECONNRESET disconnected before secure TLS connection was established', 'If it runs, set the endpoint'],
    ['ECONNREFUSED', 'Start the agent there'],
  ])('says what to do next about %s', (words, hint) => {
    const [code = '', message = 'failed'] = words.split(/ (.*)/);
    expect(unreachable(Object.assign(new Error(message), { code }), 'read', at).message).toContain(hint);
  });

  it('names the right a reader needs', () => {
    expect(refusal(answer(403, 'Permission denied'), 'read', at).message).toContain('service:read ');
    expect(refusal(answer(403, 'Permission denied'), 'discover', at).message).toContain('node:read');
  });

  it('names the code and the place when nobody answered', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(unreachable(cause, 'renew', at)).toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      operation: 'renew',
      cause,
      message: expect.stringMatching(/127\.0\.0\.1:8500.*ECONNREFUSED/) as string,
    });
  });
});

describe('an answer to a beat or a removal', () => {
  it.each([
    [500, 'CheckID "x" does not have associated TTL', true],
    [500, 'Unknown check "x"', true],
    [404, 'Unknown check ID "x". Ensure that the check ID is passed, not the check name.', true],
    [500, 'rpc error: No cluster leader', false],
    [403, 'Permission denied', false],
    [200, '', false],
  ])('%i %j means a loss: %s', (status, text, lost) => {
    expect(meansLost(answer(status, text))).toBe(lost);
  });

  it.each([
    [500, 'Unknown service {"x" {}}', true],
    [404, 'Unknown service ID "x". Ensure that the service ID is passed, not the service name.', true],
    [404, 'No service registered with ID "x"', true],
    [404, '<html>nginx</html>', false],
    [500, 'No cluster leader', false],
    [403, 'Permission denied', false],
  ])('%i %j means that it was absent: %s', (status, text, absent) => {
    expect(meansAbsent(answer(status, text))).toBe(absent);
  });
});

describe('an answer without a leader', () => {
  it.each([
    ['the agent says so', { 'x-consul-knownleader': 'false' }, true],
    ['of a blocking query', { 'x-consul-knownleader': 'false', 'x-consul-query-backend': 'blocking-query' }, true],
    ['streamed views always say so', { 'x-consul-knownleader': 'false', 'x-consul-query-backend': 'streaming' }, false],
    ['there is one', { 'x-consul-knownleader': 'true' }, false],
    ['it says nothing', {}, false],
  ])('%s', (_what, headers, expected) => {
    expect(hasNoLeader({ headers })).toBe(expected);
  });
});

describe('an id that no URL can carry', () => {
  it.each(['..', '.', '/a', 'a/', 'a//b', 'a/../b', '', '%2f', 'a%b', 'a\nb', 'a\0', '\ud800'])(
    '%j is refused before the agent takes what nobody could remove',
    (id) => {
      expect(() => assertAddressable(id)).toThrow(expect.objectContaining({ code: 'ROLLCALL_REGISTRY_REJECTED' }));
    },
  );

  it.each(['a', 'a/b', 'a b', '..a', '{id}', '日本', '?x'])('%j is not one of them', (id) => {
    expect(() => assertAddressable(id)).not.toThrow();
  });
});
