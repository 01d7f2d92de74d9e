import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readServiceEnv } from '../../../src/config/env.js';
import type { RegistrarOptions } from '../../../src/config/options.js';
import { resolveConfig } from '../../../src/config/resolve.js';
import { AddressNotFoundError, ConfigError } from '../../../src/errors.js';
import { buildInstance } from '../../../src/instance/build-instance.js';
import type { InstanceFacts } from '../../../src/instance/build-instance.js';

const agent = { nearby: true, suppliesAddress: true };
const far = { nearby: false, suppliesAddress: false };
const interfaces = { eth0: [{ address: '10.0.0.7', family: 'IPv4', internal: false } as NetworkInterfaceInfo] };
const http = { address: '::', port: 8080, protocol: 'http' } as const;

function build(options: RegistrarOptions, facts: Partial<InstanceFacts> = {}) {
  const config = resolveConfig({ name: 'orders', ...options }, readServiceEnv({}));
  return buildInstance(config, { nonce: '0123456789abcdef', registry: agent, interfaces, hostname: 'web1', ...facts });
}

const checksOf = (options: RegistrarOptions, facts?: Partial<InstanceFacts>) => build(options, facts).instance.checks;

it('has only the fields that were decided', () => {
  expect(build({}, { server: http }).instance).toEqual({
    name: 'orders',
    id: 'orders-web1-8080',
    port: 8080,
    tags: [],
    meta: {},
    nonce: '0123456789abcdef',
    ttlMs: 10_000,
    checks: [],
    deregisterCriticalAfterMs: 60_000,
  });
});

it('carries everything that was asked for', () => {
  const asked = {
    id: 'orders-1',
    address: 'orders.internal',
    port: 80,
    tags: ['v1'],
    meta: { zone: 'eu' },
    weights: { passing: 2, warning: 1 },
    namespace: 'shop',
    partition: 'west',
  };
  expect(build(asked, { server: http }).instance).toMatchObject(asked);
});

it('needs neither a server nor a port', () => {
  const { instance } = build({});
  expect(instance.id).toBe('orders-web1');
  expect('port' in instance).toBe(false);
});

it('finds an address for a registry that fills none in', () => {
  expect(build({}, { registry: far, server: http }).instance.address).toBe('10.0.0.7');
  expect(() => build({}, { registry: far, interfaces: {}, server: http })).toThrow(AddressNotFoundError);
});

it('notes how the address was chosen, and a port that differs from the one listened on', () => {
  expect(build({ port: 80 }, { registry: far, server: http }).notes).toEqual([
    'advertising 10.0.0.7: it is the first outside address, of eth0',
    'advertising port 80 while the server listens on 8080',
  ]);
  expect(build({}, { server: http }).notes).toEqual(["no address is sent: the registry fills in its own host's address"]);
});

describe('an HTTP check', () => {
  it('asks where readers are sent', () => {
    expect(checksOf({ checks: { http: true } }, { registry: far, server: http })).toEqual([
      { kind: 'http', url: 'http://10.0.0.7:8080/health/ready', intervalMs: 10_000, timeoutMs: 5_000 },
    ]);
  });

  it('asks on loopback, at the port listened on, when the agent is on this host', () => {
    expect(checksOf({ port: 80, checks: { http: { path: '/up' } } }, { server: http })).toMatchObject([{ url: 'http://127.0.0.1:8080/up' }]);
  });

  it('puts an IPv6 address in brackets', () => {
    expect(checksOf({ checks: { http: true } }, { server: { ...http, address: '::1' } })).toMatchObject([{ url: 'http://[::1]:8080/health/ready' }]);
  });

  it.each(['https', 'h2'] as const)('speaks TLS to an %s server, and notes what the certificate must carry', (protocol) => {
    const { instance, notes } = build({ checks: { http: true } }, { server: { ...http, protocol } });
    expect(instance.checks).toMatchObject([{ url: 'https://127.0.0.1:8080/health/ready' }]);
    expect(notes.at(-1)).toContain('unless the certificate carries 127.0.0.1');
    const named = build({ address: 'orders.internal', checks: { http: true } }, { server: { ...http, protocol } });
    expect(named.notes).toEqual(['advertising orders.internal: it is configured']);
  });

  it('takes an absolute URL as it is, server or not', () => {
    const checks = { http: { path: 'https://probe.internal/orders?deep=1' } };
    expect(checksOf({ checks })).toMatchObject([{ url: 'https://probe.internal/orders?deep=1' }]);
    expect(checksOf({ checks }, { server: { ...http, protocol: 'h2c' } })).toMatchObject([{ url: 'https://probe.internal/orders?deep=1' }]);
  });

  it('is refused on an h2c server, with the TCP check as the way out', () => {
    expect(() => build({ checks: { http: true } }, { server: { ...http, protocol: 'h2c' } })).toThrow(/checks\.http: .*`checks: \{ tcp: true \}`/);
  });

  it('is refused on a server that does not speak HTTP', () => {
    expect(() => build({ checks: { http: true } }, { server: { ...http, protocol: 'tcp' } })).toThrow(/does not speak HTTP/);
  });

  it('is refused without a server', () => {
    expect(() => build({ port: 80, checks: { http: true } })).toThrow(/a path needs a bound server/);
  });
});

describe('a TCP or gRPC check', () => {
  it('has host and port, and the service for gRPC', () => {
    const checks = { tcp: true, grpc: { service: 'shop.Orders', tls: true } } as const;
    expect(checksOf({ address: 'fd00::7', port: 50_051, checks })).toEqual([
      { kind: 'tcp', target: '[fd00::7]:50051', intervalMs: 10_000, timeoutMs: 5_000 },
      { kind: 'grpc', target: '[fd00::7]:50051/shop.Orders', tls: true, intervalMs: 10_000, timeoutMs: 5_000 },
    ]);
    expect(checksOf({ checks: { grpc: true } }, { server: { ...http, protocol: 'h2c' } })).toMatchObject([{ target: '127.0.0.1:8080' }]);
  });

  it('is refused without a port, all of them at once', () => {
    let issues: readonly string[] = [];
    try {
      build({ checks: { http: true, tcp: true, grpc: true } });
    } catch (error) {
      issues = error instanceof ConfigError ? error.issues.map(({ field }) => field) : [];
    }
    expect(issues).toEqual(['checks.http', 'checks.tcp', 'checks.grpc']);
  });
});
