import type { ServiceInstance } from 'rollcall';

const pace = { intervalMs: 10_000, timeoutMs: 1_500 };

/** Every field set, and characters that paths and JSON have to escape. */
export const full: ServiceInstance = {
  name: 'orders',
  id: 'orders/1',
  address: '10.0.0.1',
  port: 8080,
  tags: ['v2', 'käse "blue"'],
  meta: { version: '2.1.0', zone: 'a' },
  weights: { passing: 10, warning: 1 },
  namespace: 'team',
  partition: 'blue',
  nonce: 'nonce-1',
  ttlMs: 10_000,
  checks: [
    { kind: 'http', url: 'https://10.0.0.1:8080/health', tls: { serverName: 'orders', skipVerify: true }, ...pace },
    { kind: 'tcp', target: '10.0.0.1:8080', ...pace, seenPassing: true },
    { kind: 'grpc', target: '10.0.0.1:8080/orders.v1', tls: true, ...pace },
  ],
  deregisterCriticalAfterMs: 60_000,
};

/** No optional field set. */
export const bare: ServiceInstance = {
  name: 'queue',
  id: 'queue-1',
  tags: [],
  meta: {},
  nonce: 'nonce-2',
  ttlMs: 1_500,
  checks: [],
};
