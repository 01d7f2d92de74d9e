import { afterAll, describe, expect, inject, it } from 'vitest';
import { startFaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import type { FaultProxy } from '../../src/integrations/testing/fault-proxy.js';
import type { HttpAnswer } from '../../src/integrations/testing/http-rewriter.js';
import { cleanUp, freshName, later, ownConsul } from '../integration/fixtures/live.js';
import { killForkedServices } from '../support/fork-service.js';
import type { Plan } from './fixtures/plan.js';
import { TestService } from './fixtures/start-service.js';
import { get } from './fixtures/traffic.js';

const url = inject('consulUrl');
const shutdown = { drain: { min: 0, quiet: 0, max: '1s' }, timeout: '5s' };

afterAll(async () => {
  await killForkedServices();
  await cleanUp();
});

async function proxy(): Promise<FaultProxy> {
  const { hostname, port } = new URL(url);
  const started = await startFaultProxy({ target: { host: hostname, port: Number(port) } });
  later(() => started.close());
  return started;
}

async function refusingAgent(answer: HttpAnswer): Promise<string> {
  const agent = await proxy();
  await agent.intercept(({ method }) =>
    method === 'PUT' ? { headers: { 'content-type': 'text/plain' }, ...answer } : undefined,
  );
  return agent.url;
}

/** What is wrong, what the service tells of it, and the code that its SIGTERM ends with. */
interface Case {
  readonly plan: () => Promise<Pick<Plan, 'url'> & Partial<Plan>>;
  readonly trouble: (service: TestService) => Promise<unknown>;
  readonly code: 0 | 1;
}

const cases: Readonly<Record<string, Case>> = {
  'an agent that is down at the start': {
    plan: async () => ({ url: 'http://127.0.0.1:1' }),
    trouble: async (service) => expect((await service.event('beatMissed')).code).toBe('ROLLCALL_REGISTRY_UNAVAILABLE'),
    code: 1,
  },
  'an agent that is killed': {
    plan: async () => {
      const agent = await ownConsul();
      toBeKilled = () => agent.kill();
      return { url: agent.url };
    },
    trouble: async (service) => {
      await service.event('registered');
      await toBeKilled();
      expect((await service.event('lost')).code).toBe('ROLLCALL_REGISTRY_UNAVAILABLE');
    },
    code: 1,
  },
  'an agent that answers 400': {
    plan: async () => ({ url: await refusingAgent({ status: 400, body: 'Invalid service' }) }),
    trouble: async (service) =>
      expect(await service.event('failed')).toMatchObject({
        code: 'ROLLCALL_REGISTRY_REJECTED',
        message: expect.stringContaining('Invalid service') as string,
      }),
    // A look shows that nothing is listed.
    code: 0,
  },
  'an agent that answers 403': {
    plan: async () => ({ url: await refusingAgent({ status: 403, body: 'Permission denied' }) }),
    trouble: async (service) =>
      expect(await service.event('beatMissed')).toMatchObject({
        code: 'ROLLCALL_REGISTRY_DENIED',
        message: expect.stringContaining('Permission denied') as string,
      }),
    // A look shows that nothing is listed.
    code: 0,
  },
  'a `ready` that throws': {
    plan: async () => ({ url, ready: 'throws' }),
    trouble: (service) => service.told('listening'),
    code: 0,
  },
  'a `ready` that hangs': {
    plan: async () => ({ url, ready: 'hangs' }),
    trouble: (service) => service.told('listening'),
    code: 0,
  },
  'listeners that throw': {
    plan: async () => ({ url, throwingListeners: true }),
    trouble: (service) => service.event('registered'),
    code: 0,
  },
  'a logger that throws': {
    plan: async () => ({ url, logger: 'throws', throwingListeners: true }),
    trouble: (service) => service.event('registered'),
    code: 0,
  },
};
let toBeKilled: () => Promise<void> = async () => undefined;

describe('a service is never hurt', () => {
  it.concurrent.each(Object.entries(cases))('by %s', async (_, { plan, trouble, code }) => {
    // Express tells all events from the start on; strict: any rejection that nobody handles ends the process.
    const service = new TestService(
      { kind: 'express', options: { name: freshName('unharmed'), ttl: '2s', shutdown }, ...(await plan()) },
      { NODE_OPTIONS: '--unhandled-rejections=strict' },
    );
    const place = await service.url();
    await trouble(service);
    expect((await get(place)).status).toBe(200);
    service.process.signal('SIGTERM');
    expect(await service.exit, service.output).toEqual({ code, signal: null });
    expect(service.output).not.toMatch(/unhandled|^\s+at /im);
  });
});
