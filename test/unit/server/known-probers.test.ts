import { describe, expect, it } from 'vitest';
import { isProberRequest } from '../../../src/server/known-probers.js';

const head = (agent: string | undefined, more: object = {}) => ({
  method: 'GET',
  httpVersion: '1.1',
  headers: { host: 'x', 'user-agent': agent },
  ...more,
});

describe('a probe', () => {
  it.each([
    'kube-probe/1.31',
    'Consul Health Check',
    'ELB-HealthChecker/2.0',
    'GoogleHC/1.0',
    'Load Balancer Agent',
    'Envoy/HC',
    'Prometheus/2.53.0',
  ])('is what %s asks', (agent) => {
    expect(isProberRequest(head(agent))).toBe(true);
  });

  it("is HAProxy's own check, which names nobody", () => {
    expect(isProberRequest({ method: 'OPTIONS', httpVersion: '1.0', headers: {} })).toBe(true);
  });

  it.each([
    head('Mozilla/5.0'),
    head('my kube-probe/1'),
    head(undefined),
    head(undefined, { method: 'OPTIONS' }),
    { method: 'OPTIONS', httpVersion: '1.0', headers: { host: 'x' } },
    { method: 'GET', httpVersion: '1.0', headers: {} },
  ])('is not %o', (request) => {
    expect(isProberRequest(request)).toBe(false);
  });
});
