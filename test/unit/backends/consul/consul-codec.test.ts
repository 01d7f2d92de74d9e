import { describe, expect, it } from 'vitest';
import {
  decodeEntry,
  decodeInstance,
  encodeInstance,
  encodeReport,
  goDuration,
} from '../../../../src/backends/consul/consul-codec.js';
import type { ServiceInstance } from '../../../../src/contracts/service-instance.js';

const bare: ServiceInstance = {
  name: 'orders',
  id: 'orders-1',
  tags: [],
  meta: {},
  nonce: 'n1',
  ttlMs: 10_000,
  checks: [],
};

describe('the register body', () => {
  it('has only the fields that were set, since an older agent refuses what it does not know', () => {
    expect(encodeInstance(bare)).toEqual({
      ID: 'orders-1',
      Name: 'orders',
      Tags: [],
      Meta: { rollcall_nonce: 'n1' },
      Checks: [{ CheckID: 'orders-1:ttl', Name: 'Heartbeat', TTL: '10s' }],
    });
  });

  it('has an explicit id for every check, so that their number never changes an id', () => {
    const pace = { intervalMs: 10_000, timeoutMs: 1_500 };
    const body = encodeInstance({
      ...bare,
      deregisterCriticalAfterMs: 60_000,
      checks: [
        { kind: 'http', url: 'http://10.0.0.1:80/health', ...pace },
        { kind: 'tcp', target: '10.0.0.1:80', ...pace },
        { kind: 'grpc', target: '10.0.0.1:80/orders.v1', tls: true, ...pace },
      ],
    });
    const common = { Interval: '10s', Timeout: '1500ms', DeregisterCriticalServiceAfter: '60s' };
    expect(body).toHaveProperty('Checks', [
      { CheckID: 'orders-1:ttl', Name: 'Heartbeat', TTL: '10s', DeregisterCriticalServiceAfter: '60s' },
      {
        CheckID: 'orders-1:http',
        Name: 'HTTP http://10.0.0.1:80/health',
        HTTP: 'http://10.0.0.1:80/health',
        ...common,
      },
      { CheckID: 'orders-1:tcp', Name: 'TCP 10.0.0.1:80', TCP: '10.0.0.1:80', ...common },
      {
        CheckID: 'orders-1:grpc',
        Name: 'gRPC 10.0.0.1:80/orders.v1',
        GRPC: '10.0.0.1:80/orders.v1',
        GRPCUseTLS: true,
        ...common,
      },
    ]);
  });

  it('says how a certificate is taken only where that was set', () => {
    const check = { kind: 'http', url: 'https://10.0.0.1/', intervalMs: 10_000, timeoutMs: 1_000 } as const;
    const checkOf = (tls: object) =>
      (encodeInstance({ ...bare, checks: [{ ...check, tls }] }) as { Checks: object[] }).Checks[1];
    expect(checkOf({})).not.toHaveProperty('TLSSkipVerify');
    expect(checkOf({ skipVerify: true })).toMatchObject({ TLSSkipVerify: true });
    expect(checkOf({ serverName: 'orders' })).toMatchObject({ TLSServerName: 'orders' });
    expect(checkOf({ serverName: 'orders' })).not.toHaveProperty('TLSSkipVerify');
  });

  it('never says that a check passes', () => {
    expect(
      JSON.stringify(
        encodeInstance({ ...bare, checks: [{ kind: 'tcp', target: 'a:1', intervalMs: 1, timeoutMs: 1 }] }),
      ),
    ).not.toContain('Status');
  });

  it('writes durations the way Go reads them', () => {
    expect([250, 1_000, 1_500, 60_000].map(goDuration)).toEqual(['250ms', '1s', '1500ms', '60s']);
  });

  it('beats critical while in maintenance', () => {
    expect(encodeReport({ status: 'maintenance', reason: 'disks' })).toEqual({ Status: 'critical', Output: 'disks' });
  });
});

describe('what an agent answers', () => {
  const service = {
    ID: 'orders-1',
    Service: 'orders',
    Address: '',
    Port: 0,
    Tags: null,
    Meta: { rollcall_nonce: 'n1', version: '2' },
  };

  it('is an entry with its nonce apart from its meta, and without what was empty', () => {
    const entry = decodeEntry({
      AggregatedStatus: 'warning',
      Service: service,
      Checks: [{ CheckID: 'orders-1:ttl', Status: 'warning', Output: 'slow' }],
    });
    expect(entry).toEqual({
      instance: { name: 'orders', id: 'orders-1', tags: [], meta: { version: '2' }, nonce: 'n1' },
      status: 'warning',
      heartbeat: 'warning',
      checks: [{ id: 'orders-1:ttl', status: 'warning', output: 'slow' }],
    });
  });

  it.each([
    ['http', 'critical', 'Get "https://10.0.0.1/": x509: certificate signed by unknown authority', '`checks.http.tls`'],
    [
      'http',
      'critical',
      "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs",
      'serverName',
    ],
    ['http', 'critical', 'Get "https://10.0.0.1/": remote error: tls: bad certificate', 'no client certificate'],
    [
      'http',
      'critical',
      'net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x00\\x00"',
      'HTTP/2 in the clear',
    ],
    ['http', 'critical', 'http: server gave HTTP response to HTTPS client', 'plain http'],
    ['http', 'critical', 'dial tcp 10.0.0.1:80: connect: connection refused', undefined],
    ['http', 'passing', 'HTTP GET: 200 OK Output: all about x509: certificates', undefined],
    ['ttl', 'critical', 'x509: of our own', undefined],
  ])('has advice on a probe that cannot pass as it is: %s %s %s', (kind, Status, Output, advice) => {
    const entry = decodeEntry({
      AggregatedStatus: Status,
      Service: service,
      Checks: [{ CheckID: `orders-1:${kind}`, Status, Output }],
    });
    if (advice === undefined) expect(entry?.checks[0]).not.toHaveProperty('advice');
    else expect(entry?.checks[0]?.advice).toContain(advice);
  });

  it.each([
    ['is its own, with its reason', '_service_maintenance:orders-1', { reason: 'new disks' }],
    ['of its node makes its status, but is not its own', '_node_maintenance', undefined],
  ])('in maintenance that %s', (_what, CheckID, own) => {
    const entry = decodeEntry({
      AggregatedStatus: 'maintenance',
      Service: service,
      Checks: [{ CheckID, Status: 'critical', Notes: 'new disks' }],
    });
    expect(entry?.maintenance).toEqual(own);
    expect(entry?.status).toBe('maintenance');
    expect(entry?.checks).toMatchObject([{ status: 'maintenance' }]);
  });

  it('has no nonce when somebody else wrote the entry', () => {
    expect(
      decodeEntry({ AggregatedStatus: 'passing', Service: { ...service, Meta: null }, Checks: null })?.instance,
    ).not.toHaveProperty('nonce');
  });

  it('throws on a shape that is not an answer of an agent', () => {
    expect(() => decodeEntry({ hello: 'world' })).toThrow(TypeError);
    expect(() => decodeInstance({})).toThrow(TypeError);
  });

  it('takes the worst check of a listed instance, its node included, and the node for an address that is missing', () => {
    const Node = { Address: '10.0.0.9' };
    const check = (CheckID: string, Status: string) => ({ CheckID, Status });
    const statusWith = (...Checks: object[]) =>
      [decodeInstance({ Node, Service: service, Checks })].map(({ status, address }) => [status, address]);
    expect(statusWith(check('serfHealth', 'passing'), check('a', 'passing'))).toEqual([['passing', '10.0.0.9']]);
    expect(statusWith(check('serfHealth', 'critical'), check('a', 'passing'))).toEqual([['critical', '10.0.0.9']]);
    expect(statusWith(check('a', 'warning'), check('b', 'passing'))).toEqual([['warning', '10.0.0.9']]);
    expect(statusWith(check('_node_maintenance', 'critical'), check('a', 'critical'))).toEqual([
      ['maintenance', '10.0.0.9'],
    ]);
    expect(statusWith(check('a', 'something new'))).toEqual([['critical', '10.0.0.9']]);
  });

  it('takes the datacenter of the node', () => {
    expect(decodeInstance({ Node: { Datacenter: 'dc2' }, Service: service, Checks: [] }).datacenter).toBe('dc2');
    expect(decodeInstance({ Node: {}, Service: service, Checks: [] })).not.toHaveProperty('datacenter');
  });
});
