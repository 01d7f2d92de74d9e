import { describe, expect, it } from 'vitest';
import { readServiceEnv } from '../../../src/config/env.js';
import type { RegistrarOptions } from '../../../src/config/options.js';
import { resolveConfig } from '../../../src/config/resolve-config.js';
import { ConfigError } from '../../../src/core/errors.js';
import { buildInstance } from '../../../src/instance/build-instance.js';
import type { ListeningServer } from '../../../src/instance/checks.js';
import type { Place } from '../../../src/instance/find-place.js';

const http = { address: '::', port: 8080, protocol: 'http' } as const;
const agents: Partial<Place> = { address: undefined };

function build(options: RegistrarOptions, facts: { server?: ListeningServer; place?: Partial<Place> } = {}) {
  const config = resolveConfig({ name: 'orders', ...options }, readServiceEnv({}));
  const place = { address: '10.0.0.7', port: facts.server?.port, candidates: [], spare: [], notes: [], ...facts.place };
  return buildInstance(config, {
    nonce: '0123456789abcdef',
    hostname: 'web1',
    ...(facts.server && { server: facts.server }),
    place,
  });
}

const checksOf = (...given: Parameters<typeof build>) => build(...given).instance.checks;

it('has only the fields that were decided', () => {
  expect(build({}, { server: http, place: agents }).instance).toEqual({
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
    tags: ['v1'],
    meta: { zone: 'eu' },
    weights: { passing: 2, warning: 1 },
    namespace: 'shop',
    partition: 'west',
  };
  expect(build(asked, { server: http }).instance).toMatchObject(asked);
});

it('stands for the place that was found, not for where the server listens', () => {
  const place = { address: 'orders.internal', port: 80 };
  expect(build({}, { server: http, place }).instance).toMatchObject({ ...place, id: 'orders-web1-80' });
});

it('needs neither a server nor a port', () => {
  const { instance } = build({});
  expect(instance.id).toBe('orders-web1');
  expect('port' in instance).toBe(false);
});

it('hands on how the place was found', () => {
  const candidates = [{ address: '10.0.0.7', source: 'configured', chosen: true, reason: 'it is configured' }] as const;
  const built = build({}, { place: { notes: ['advertising 10.0.0.7: it is configured'], candidates } });
  expect([built.notes, built.addressCandidates]).toEqual([['advertising 10.0.0.7: it is configured'], candidates]);
});

describe('an HTTP check', () => {
  it('asks where readers are sent', () => {
    expect(checksOf({ checks: { http: true } }, { server: http })).toEqual([
      { kind: 'http', url: 'http://10.0.0.7:8080/health/ready', intervalMs: 10_000, timeoutMs: 5_000 },
    ]);
  });

  it('asks on loopback, at the port listened on, when the agent is on this host', () => {
    expect(
      checksOf({ checks: { http: { path: '/up' } } }, { server: http, place: { ...agents, port: 80 } }),
    ).toMatchObject([{ url: 'http://127.0.0.1:8080/up' }]);
  });

  it('puts an IPv6 address in brackets', () => {
    expect(checksOf({ checks: { http: true } }, { server: http, place: { address: '::1' } })).toMatchObject([
      { url: 'http://[::1]:8080/health/ready' },
    ]);
  });

  it.each(['https', 'h2'] as const)(
    'speaks TLS to an %s server, and notes what the certificate must carry',
    (protocol) => {
      const { instance, notes } = build({ checks: { http: true } }, { server: { ...http, protocol }, place: agents });
      expect(instance.checks).toMatchObject([{ url: 'https://127.0.0.1:8080/health/ready' }]);
      expect(notes.at(-1)).toContain('unless the certificate contains 127.0.0.1');
      const named = build(
        { checks: { http: true } },
        { server: { ...http, protocol }, place: { address: 'orders.internal' } },
      );
      expect(named.notes).toEqual([]);
    },
  );

  it('has the certificate taken by another name, or unseen, where that is said; then nothing is left to note', () => {
    for (const [tls, expected] of [
      [{ serverName: 'orders' }, { serverName: 'orders' }],
      [{ insecureSkipVerify: true }, { skipVerify: true }],
    ] as const) {
      const { instance, notes } = build(
        { checks: { http: { tls } } },
        { server: { ...http, protocol: 'https' }, place: agents },
      );
      expect(instance.checks).toMatchObject([{ url: 'https://127.0.0.1:8080/health/ready', tls: expected }]);
      expect(notes).toEqual([]);
    }
    expect(() => build({ checks: { http: { tls: { serverName: 'orders' } } } }, { server: http })).toThrow(
      /checks\.http\.tls: .*plain http/,
    );
  });

  it('takes an absolute URL as it is, server or not', () => {
    const checks = { http: { path: 'https://probe.internal/orders?deep=1' } };
    expect(checksOf({ checks })).toMatchObject([{ url: 'https://probe.internal/orders?deep=1' }]);
    expect(checksOf({ checks }, { server: { ...http, protocol: 'h2c' } })).toMatchObject([
      { url: 'https://probe.internal/orders?deep=1' },
    ]);
  });

  it('is refused on an h2c server, with the TCP check as the way out', () => {
    expect(() => build({ checks: { http: true } }, { server: { ...http, protocol: 'h2c' } })).toThrow(
      /checks\.http: .*`checks: \{ tcp: true \}`/,
    );
  });

  it('is refused on a server that does not speak HTTP', () => {
    expect(() => build({ checks: { http: true } }, { server: { ...http, protocol: 'tcp' } })).toThrow(
      /does not speak HTTP/,
    );
  });

  it('is refused without a server', () => {
    expect(() => build({ checks: { http: true } }, { place: { port: 80 } })).toThrow(/a path needs a bound server/);
  });
});

describe('a TCP or gRPC check', () => {
  it('has host and port, and the service for gRPC', () => {
    const checks = { tcp: true, grpc: { service: 'shop.Orders', tls: true } } as const;
    expect(checksOf({ checks }, { place: { address: 'fd00::7', port: 50_051 } })).toEqual([
      { kind: 'tcp', target: '[fd00::7]:50051', intervalMs: 10_000, timeoutMs: 5_000 },
      { kind: 'grpc', target: '[fd00::7]:50051/shop.Orders', tls: true, intervalMs: 10_000, timeoutMs: 5_000 },
    ]);
    expect(checksOf({ checks: { grpc: true } }, { server: { ...http, protocol: 'h2c' }, place: agents })).toMatchObject(
      [{ target: '127.0.0.1:8080' }],
    );
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

it.each<[protocol: ListeningServer['protocol'], scheme: string | undefined]>([
  ['http', 'http'],
  ['h2c', 'http'],
  ['https', 'https'],
  ['h2', 'https'],
  ['tcp', undefined],
])('says for its callers that a server of %s is reached by %s', (protocol, scheme) => {
  expect(build({}, { server: { ...http, protocol } }).ownMeta).toEqual(scheme === undefined ? {} : { scheme });
});

it('says for its callers in which zone it is, from the option or the environment', () => {
  expect(build({ zone: 'eu-1a' }).ownMeta).toEqual({ zone: 'eu-1a' });
  expect(resolveConfig({ name: 'orders' }, readServiceEnv({ SERVICE_ZONE: 'eu-1b' })).zone).toBe('eu-1b');
  expect(() => build({ zone: '' })).toThrow('zone');
  expect(() => build({ zone: 'a\nb' })).toThrow('zone');
});
