import { describe, expect, it } from 'vitest';
import { readServiceEnv } from '../../../src/config/env.js';
import type { Environment } from '../../../src/config/env.js';
import type { RegistrarOptions } from '../../../src/config/options.js';
import { processFacts } from '../../../src/config/templates.js';
import { resolveConfig } from '../../../src/config/resolve-config.js';

const resolve = (options: RegistrarOptions = {}, env: Environment = {}) =>
  resolveConfig(options, readServiceEnv(env), processFacts, {});

describe('defaults', () => {
  it('fill in everything but the name', () => {
    const { ready, ...config } = resolve({ name: 'orders' });
    expect(ready()).toBe(true);
    expect(config).toEqual({
      name: 'orders',
      naming: 'plain',
      id: undefined,
      address: undefined,
      port: undefined,
      tags: [],
      meta: {},
      weights: undefined,
      namespace: undefined,
      partition: undefined,
      ttlMs: 10_000,
      checks: [],
      deregisterCriticalAfterMs: 60_000,
      recover: true,
      drift: 'repair',
      onIdConflict: 'wait',
      health: { path: '/health', mounted: false, port: undefined, details: false, components: [] },
      intervalMs: 3_333,
      thread: 'main',
      stallToleranceMs: 10_000,
      policy: 'deregister',
      signals: ['SIGTERM', 'SIGINT'],
      shared: false,
      drain: { minMs: 2_000, quietMs: 'auto', maxMs: 15_000, streamsMs: 10_000 },
      noDrain: undefined,
      holdClose: true,
      onExit: true,
      stopTimeoutMs: 25_000,
      waitMs: 5_000,
      required: false,
      warnings: [],
    });
  });

  it('follow the tier, and the ttl wins over it', () => {
    expect(resolve({ name: 'a', tier: 'standard' })).toMatchObject({ ttlMs: 30_000, intervalMs: 10_000 });
    expect(resolve({ name: 'a', tier: 'standard', ttl: '6s' })).toMatchObject({ ttlMs: 6_000, intervalMs: 2_000 });
  });

  it('bend to what was given and never contradict it', () => {
    expect(resolve({ name: 'a', ttl: '2m' }).deregisterCriticalAfterMs).toBe(240_000);
    expect(resolve({ name: 'a', shutdown: { timeout: '10s' } }).drain.maxMs).toBe(6_000);
    expect(resolve({ name: 'a', shutdown: { drain: { max: '1s' } } }).drain.minMs).toBe(1_000);
    expect(resolve({ name: 'a', checks: { tcp: { interval: '2s' } } }).checks).toEqual([
      { kind: 'tcp', intervalMs: 2_000, timeoutMs: 2_000 },
    ]);
  });
});

describe('options', () => {
  it('are taken over with their durations in milliseconds', () => {
    const ready = () => false;
    const options: RegistrarOptions = {
      name: 'orders',
      id: 'orders-1',
      address: '10.0.0.7',
      port: 8080,
      tags: ['v1'],
      meta: { zone: 'eu' },
      weights: { passing: 10, warning: 1 },
      namespace: 'shop',
      partition: 'west',
      ttl: '15s',
      deregisterCriticalAfter: '5m',
      recover: false,
      ready,
      heartbeat: { interval: 2_000 },
      shutdown: { signals: ['SIGHUP'], drain: { min: 0, quiet: '500ms', max: '3s' }, timeout: '8s' },
      wait: false,
      required: true,
    };
    expect(resolve(options)).toMatchObject({
      id: 'orders-1',
      address: '10.0.0.7',
      port: 8080,
      tags: ['v1'],
      meta: { zone: 'eu' },
      weights: { passing: 10, warning: 1 },
      namespace: 'shop',
      partition: 'west',
      ttlMs: 15_000,
      deregisterCriticalAfterMs: 300_000,
      recover: false,
      ready,
      intervalMs: 2_000,
      signals: ['SIGHUP'],
      drain: { minMs: 0, quietMs: 500, maxMs: 3_000 },
      stopTimeoutMs: 8_000,
      waitMs: Infinity,
      required: true,
    });
  });

  it('can switch signals off', () => {
    expect(resolve({ name: 'a', shutdown: { signals: false } }).signals).toEqual([]);
  });

  it('plan the checks beside the heartbeat', () => {
    const checks = { http: true, tcp: true, grpc: { service: 'shop.Orders', tls: true, interval: '20s' } } as const;
    expect(resolve({ name: 'a', checks }).checks).toEqual([
      { kind: 'http', target: '/health/ready', intervalMs: 10_000, timeoutMs: 5_000 },
      { kind: 'tcp', intervalMs: 10_000, timeoutMs: 5_000 },
      { kind: 'grpc', service: 'shop.Orders', tls: true, intervalMs: 20_000, timeoutMs: 5_000 },
    ]);
  });

  it('mount health paths only when a path or an HTTP check is asked for', () => {
    expect(resolve({ name: 'a' }).health.mounted).toBe(false);
    expect(resolve({ name: 'a', checks: { tcp: true } }).health.mounted).toBe(false);
    expect(resolve({ name: 'a', checks: { http: true } }).health).toMatchObject({ mounted: true, path: '/health' });
    expect(resolve({ name: 'a', checks: { http: { interval: '5s' } } }).health.mounted).toBe(true);
    const own = { http: { path: '/own' } };
    expect(resolve({ name: 'a', checks: own }).health.mounted).toBe(false);
    expect(resolve({ name: 'a', checks: own, health: { path: '/up' } }).health.mounted).toBe(true);
    const config = resolve({ name: 'a', health: { path: '/up/' }, checks: { http: true } });
    expect(config.health.path).toBe('/up');
    expect(config.checks).toMatchObject([{ target: '/up/ready' }]);
  });
});

describe('environment', () => {
  const env = {
    SERVICE_NAME: 'orders',
    SERVICE_ID: 'orders-7',
    SERVICE_ADDRESS: 'orders.internal',
    SERVICE_PORT: '8080',
    SERVICE_TAGS: 'v1, blue ,,',
    SERVICE_META_ZONE: 'eu',
    SERVICE_META_BUILD: '41',
    SERVICE_TTL: '20s',
    CONSUL_NAMESPACE: 'shop',
    CONSUL_PARTITION: 'west',
  };

  it('stands in for options', () => {
    expect(resolve({}, env)).toMatchObject({
      name: 'orders',
      id: 'orders-7',
      address: 'orders.internal',
      port: 8080,
      tags: ['v1', 'blue'],
      meta: { zone: 'eu', build: '41' },
      ttlMs: 20_000,
      namespace: 'shop',
      partition: 'west',
    });
  });

  it('yields to options, pair by pair for meta', () => {
    expect(resolve({ name: 'cart', port: 1, tags: [], meta: { build: '42' }, ttl: '12s' }, env)).toMatchObject({
      name: 'cart',
      port: 1,
      tags: [],
      meta: { zone: 'eu', build: '42' },
      ttlMs: 12_000,
    });
  });

  it('is not hidden by an option set to undefined', () => {
    expect(resolve({ name: undefined } as unknown as RegistrarOptions, env).name).toBe('orders');
  });
});

describe('warnings', () => {
  it('name the form of a name that DNS could carry', () => {
    expect(resolve({ name: 'order_service' }).warnings).toEqual([
      'the name "order_service": DNS cannot carry it: only letters, digits and inner dashes, at most 63; try order-service',
    ]);
  });

  it('name a check whose timeout is longer than its interval', () => {
    const { warnings } = resolve({ name: 'a', checks: { tcp: { interval: '5s', timeout: '6s' } } });
    expect(warnings).toEqual([
      'checks.tcp.timeout (6s) is longer than its interval (5s): probes may pile up; lower the timeout',
    ]);
  });
});
