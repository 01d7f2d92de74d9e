import { describe, expect, it } from 'vitest';
import { healthEndpoint } from '../../../src/health/endpoint.js';
import type { HealthFacts } from '../../../src/health/endpoint.js';

function ask(facts: HealthFacts, url: string, method = 'GET') {
  const endpoint = healthEndpoint({ path: '/health', facts: () => facts });
  const answer = { status: 0, headers: {} as Record<string, string | number>, body: undefined as string | undefined };
  endpoint.answer(
    { method, url },
    {
      writeHead(status, headers) {
        answer.status = status;
        answer.headers = headers;
      },
      end(body) {
        answer.body = body?.toString();
      },
    },
  );
  return answer;
}

const starting = { ready: false, draining: false };
const serving = { ready: true, draining: false };
const leaving = { ready: true, draining: true };

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
  ])('%s with %o answers %i', (url, facts, status) => {
    const answer = ask(facts, url);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ status: status === 200 ? 'pass' : 'fail' });
    expect(answer.headers).toMatchObject({ 'Content-Type': 'application/health+json', 'Cache-Control': 'no-store', 'Content-Length': answer.body?.length });
  });

  it('say why they fail', () => {
    expect(ask(starting, '/health').body).toContain('not ready yet');
    expect(ask(leaving, '/health').body).toContain('draining');
  });

  it('answer HEAD with the headers of GET and no body', () => {
    const { body, ...head } = ask(serving, '/health', 'HEAD');
    expect(body).toBeUndefined();
    expect(head).toMatchObject({ status: 200, headers: ask(serving, '/health').headers });
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuse %s and say what they take', (method) => {
    expect(ask(serving, '/health/live', method)).toMatchObject({ status: 405, headers: { Allow: 'GET, HEAD' }, body: '' });
  });

  it('do not mind a query string or a slash at the end', () => {
    expect(ask(leaving, '/health/live/?verbose=1').status).toBe(200);
    expect(ask(serving, '/health/?').status).toBe(200);
  });
});

describe('the paths an endpoint takes', () => {
  const { handles, paths } = healthEndpoint({ path: '/health/', facts: () => serving });

  it('are three', () => {
    expect(paths).toEqual(['/health', '/health/live', '/health/ready']);
  });

  it.each(['/health', '/health/', '/health?x=/y', '/health/live', '/health/ready/', '/health/ready?a'])('include %s', (url) => {
    expect(handles(url)).toBe(true);
  });

  it.each(['/', '', '*', '/healthy', '/health/x', '/health/live/x', '/api/health', '/?/health', '/health//'])('do not include %s', (url) => {
    expect(handles(url)).toBe(false);
  });
});
