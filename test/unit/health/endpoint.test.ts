import { describe, expect, it } from 'vitest';
import { aggregateHealth } from '../../../src/health/aggregate-health.js';
import { healthEndpoint } from '../../../src/health/endpoint.js';
import type { ProbeFacts } from '../../../src/health/effective-report.js';
import type { HealthRequest } from '../../../src/health/endpoint.js';
import type { HealthDetails } from '../../../src/contracts/policies.js';
import type { ComponentHealth } from '../../../src/contracts/health-report.js';

function ask(facts: ProbeFacts, url: string, request: Partial<HealthRequest> = {}, details: HealthDetails = false) {
  const endpoint = healthEndpoint({ path: '/health', details, facts: () => facts });
  const answer = { status: 0, headers: {} as Record<string, string>, body: undefined as string | undefined };
  endpoint.answer(
    { method: 'GET', url, ...request },
    {
      writeHead(status, headers) {
        answer.status = status;
        for (let at = 0; at < headers.length; at += 2) answer.headers[headers[at]!] = headers[at + 1]!;
      },
      end(body) {
        answer.body = body?.toString();
      },
    },
  );
  return answer;
}

const db = (effect: ComponentHealth['effect']): ComponentHealth => ({
  name: 'db',
  status: effect === 'none' ? 'passing' : 'critical',
  reason: effect === 'none' ? 'ok' : 'timeout',
  effect,
});
const facts = (effect: ComponentHealth['effect']): ProbeFacts => ({
  ready: true,
  draining: false,
  health: aggregateHealth([db(effect)]),
});

const serving: ProbeFacts = { ready: true, draining: false, health: aggregateHealth([]) };
const starting = { ...serving, ready: false };
const leaving = { ...serving, draining: true };
const consul = { headers: { 'user-agent': 'Consul Health Check' } };
const neighbour = { socket: { remoteAddress: '::ffff:127.0.0.1' }, headers: {} };

describe('health paths', () => {
  it.each([
    ['/health', starting, 503],
    ['/health', serving, 200],
    ['/health', leaving, 503],
    ['/health/ready', starting, 503],
    ['/health/ready', serving, 200],
    ['/health/ready', leaving, 503],
    ['/health/live', starting, 200],
    ['/health/live', serving, 200],
    ['/health/live', leaving, 200],
    ['/health/live', facts('critical'), 200],
  ])('%s with %o answers %i', (url, now, status) => {
    const answer = ask(now, url);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ status: status === 200 ? 'pass' : 'fail' });
    expect(answer.headers).toMatchObject({
      'Content-Type': 'application/health+json',
      'Cache-Control': 'no-store',
      'Content-Length': String(answer.body?.length),
    });
  });

  it.each([
    ['none', { '/health': [200, 'pass'], '/health/ready': [200, 'pass'] }],
    ['degraded', { '/health': [200, 'warn'], '/health/ready': [200, 'warn'] }],
    ['warning', { '/health': [200, 'warn'], '/health/ready': [200, 'warn'] }],
    ['critical', { '/health': [503, 'fail'], '/health/ready': [503, 'fail'] }],
  ] as const)('with a component of effect %s answer %j', (effect, expected) => {
    for (const [url, [status, verdict]] of Object.entries(expected)) {
      const answer = ask(facts(effect), url);
      expect([url, answer.status, (JSON.parse(answer.body!) as { status: string }).status]).toEqual([
        url,
        status,
        verdict,
      ]);
    }
  });

  it('answer a warning with 429 to the check of Consul alone', () => {
    expect(ask(facts('warning'), '/health', consul).status).toBe(429);
    expect(ask(facts('warning'), '/health', { headers: { 'user-agent': 'curl/8' } }).status).toBe(200);
    expect(ask(facts('degraded'), '/health', consul).status).toBe(200);
    expect(ask(facts('warning'), '/health/ready', consul).status).toBe(200);
  });

  it('say why they fail', () => {
    expect(ask(starting, '/health').body).toContain('not ready yet');
    expect(ask(leaving, '/health').body).toContain('draining');
    expect(ask(facts('critical'), '/health', neighbour, 'loopback').body).toContain('critical: db timeout');
  });

  it('tell of each component as `details` says: to no client, on loopback, or to every client', () => {
    const detailed = {
      status: 'warn',
      output: 'degraded: db timeout',
      checks: { db: [{ status: 'fail', output: 'timeout' }] },
    };
    const plain = { status: 'warn', output: 'degraded' };
    const elsewhere = { socket: { remoteAddress: '10.0.0.9' }, headers: {} };
    const told = ([false, 'loopback', true] as const).map((details) =>
      [neighbour, elsewhere].map(
        (client) => JSON.parse(ask(facts('degraded'), '/health', client, details).body!) as unknown,
      ),
    );
    expect(told).toEqual([
      [plain, plain],
      [detailed, plain],
      [detailed, detailed],
    ]);
  });

  it.each([false, 'loopback', true] as const)('answer the check of Consul by its status with details %j', (details) => {
    for (const client of [neighbour, { socket: { remoteAddress: '10.0.0.9' } }]) {
      const asConsul = { ...client, headers: consul.headers };
      const statuses = (['none', 'degraded', 'warning', 'critical'] as const).map(
        (effect) => ask(facts(effect), '/health', asConsul, details).status,
      );
      expect(statuses).toEqual([200, 200, 429, 503]);
    }
  });

  it.each([
    ['degraded', 'warn'],
    ['warning', 'warn'],
    ['critical', 'fail'],
  ] as const)('tell anybody that it is %s, and nothing of what it is made of', (effect, status) => {
    for (const url of ['/health', '/health/ready']) {
      for (const headers of [{}, consul.headers]) {
        const { body } = ask(facts(effect), url, { socket: { remoteAddress: '10.0.0.9' }, headers });
        expect(JSON.parse(body!)).toEqual({ status, output: effect });
      }
    }
  });

  it.each([
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'forwarded',
    'x-real-ip',
    'via',
    'cf-connecting-ip',
    'x-envoy-external-address',
  ])('do not take a proxy on this host for this host: %s', (header) => {
    const headers = { host: 'a', [header]: '203.0.113.9' };
    expect(ask(facts('degraded'), '/health', { ...neighbour, headers }, 'loopback').body).not.toContain('db');
    const rawHeaders = ['Host', 'a', header.toUpperCase(), '203.0.113.9'];
    expect(ask(facts('degraded'), '/health', { ...neighbour, rawHeaders }, 'loopback').body).not.toContain('db');
    const direct = { ...neighbour, rawHeaders: rawHeaders.slice(0, 2) };
    expect(ask(facts('degraded'), '/health', direct, 'loopback').body).toContain('db');
  });

  it('are prepared once for as long as the health stays the same object', () => {
    const endpoint = healthEndpoint({ path: '/health', details: false, facts: () => serving });
    const bodies: unknown[] = [];
    const reply = { writeHead: () => undefined, end: (body?: Buffer) => bodies.push(body) };
    endpoint.answer({ method: 'GET', url: '/health' }, reply);
    endpoint.answer({ method: 'GET', url: '/health' }, reply);
    expect(bodies[0]).toBeInstanceOf(Buffer);
    expect(bodies[1]).toBe(bodies[0]);
  });

  it('stay under 4 kB however many components there are', () => {
    const many = Array.from({ length: 256 }, (_, index): ComponentHealth => ({
      name: `component-with-a-long-name-${String(index)}`.padEnd(64, 'x'),
      status: 'critical',
      reason: 'timeout',
      effect: 'critical',
    }));
    const body = ask({ ...serving, health: aggregateHealth(many) }, '/health', neighbour, 'loopback').body!;
    expect(body.length).toBeLessThanOrEqual(4_096);
    expect(Object.keys((JSON.parse(body) as { checks: object }).checks).length).toBeGreaterThan(10);
  });

  it('answer HEAD with the headers of GET and no body', () => {
    const { body, ...head } = ask(serving, '/health', { method: 'HEAD' });
    expect(body).toBeUndefined();
    expect(head).toMatchObject({ status: 200, headers: ask(serving, '/health').headers });
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'refuse %s and say what they take, on a port of their own',
    (method) => {
      expect(ask(serving, '/health/live', { method })).toMatchObject({
        status: 405,
        headers: { Allow: 'GET, HEAD' },
        body: '',
      });
    },
  );

  it('do not mind a query string or a slash at the end', () => {
    expect(ask(leaving, '/health/live/?verbose=1').status).toBe(200);
    expect(ask(serving, '/health/?').status).toBe(200);
  });
});

describe('the paths an endpoint takes', () => {
  const { handles, isHealthPath, paths } = healthEndpoint({
    path: '/health/',
    details: false,
    facts: () => serving,
  });

  it('are three', () => {
    expect(paths).toEqual(['/health', '/health/live', '/health/ready']);
  });

  it.each(['/health', '/health/', '/health?x=/y', '/health/live', '/health/ready/', '/health/ready?a'])(
    'include %s',
    (url) => {
      expect(['GET', 'HEAD'].map((method) => handles(url, method))).toEqual([true, true]);
    },
  );

  it.each(['/', '', '*', '/healthy', '/health/x', '/health/live/x', '/api/health', '/?/health', '/health//'])(
    'do not include %s',
    (url) => {
      expect([handles(url, 'GET'), isHealthPath(url)]).toEqual([false, false]);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'CONNECT', 'get', undefined])('leave %s to the host', (method) => {
    expect(paths.map((path) => handles(path, method))).toEqual([false, false, false]);
    expect(paths.map(isHealthPath)).toEqual([true, true, true]);
  });

  it('are left to a host that has a route there, with a warning', () => {
    const warnings: string[] = [];
    const endpoint = healthEndpoint({
      path: '/health',
      details: false,
      facts: () => serving,
      onWarning: (message) => warnings.push(message),
    });
    endpoint.leaveToHost('/health');
    const urls = ['/health', '/health/?x', '/health/ready'];
    expect(urls.map((url) => endpoint.handles(url, 'GET'))).toEqual([false, false, true]);
    expect(endpoint.isHealthPath('/health')).toBe(true);
    expect(warnings).toEqual([expect.stringMatching(/GET \/health,.*`health.path`/)]);
  });
});
