import { io } from 'socket.io-client';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { registryContract } from 'rollcall/testing';
import { mapRegistry } from '../../examples/map-registry.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';

interface HealthEntry {
  readonly Service: { readonly ID: string; readonly Port: number };
}

afterAll(killForkedServices);

const consulUrl = inject('consulUrl');

/** Ids that Consul hands out to readers who want passing instances only. */
async function passing(name: string): Promise<HealthEntry[]> {
  const consul = rawConsul(consulUrl);
  try {
    return (await consul.get(`/v1/health/service/${name}?passing`)).json<HealthEntry[]>();
  } finally {
    consul.close();
  }
}

async function entries(name: string): Promise<HealthEntry[]> {
  const consul = rawConsul(consulUrl);
  try {
    return (await consul.get(`/v1/health/service/${name}`)).json<HealthEntry[]>();
  } finally {
    consul.close();
  }
}

function run(example: string, name: string) {
  const env = {
    CONSUL_HTTP_ADDR: consulUrl,
    SERVICE_NAME: name,
    SERVICE_REGISTRY: undefined,
    PORT: undefined,
    HOST: undefined,
  };
  return forkService(`examples/${example}.ts`, { env });
}

/** What an example prints when the stop of its own app was part of the stop. */
const lastLines: Readonly<Record<string, string>> = {
  hapi: 'the app has stopped',
  nestjs: 'the app has shut down',
};

const examples = ['one-line', 'node-http', 'fastify', 'express', 'koa', 'hapi', 'hono', 'nestjs', 'cluster'];

// They wait more than they compute.
describe.concurrent.each(examples)('the example %s', (example) => {
  it('is listed as passing once it serves, says where, and is gone after a SIGTERM', async () => {
    const name = `example-${example}`;
    const service = run(example, name);
    const line = await service.waitForLine(/^http:\/\/127\.0\.0\.1:\d+ is registered/, 45_000);
    const [entry] = await waitFor(async () => {
      const found = await passing(name);
      return found.length === 1 && found;
    });
    const url = /http:\S+/.exec(line)![0];
    expect(Number(new URL(url).port)).toBe(entry!.Service.Port);
    expect((await fetch(url)).status).toBe(200);

    service.signal('SIGTERM');
    await waitFor(async () => (await entries(name)).length === 0);
    // Nest ends its process by the signal, after its shutdown hooks.
    const end = example === 'nestjs' ? { code: null, signal: 'SIGTERM' } : { code: 0, signal: null };
    expect(await service.exit).toEqual(end);
    expect(await entries(name)).toEqual([]);
    const last = lastLines[example];
    if (last !== undefined) expect(service.lines).toContain(last);
  });
});

describe.concurrent.each([
  ['socket-io', 'you asked the way'],
  ['socket-io-sticky', 'the way'],
])('the example %s', (example, answer) => {
  it('serves its clients over polling and WebSocket, and lets go of them after the drain', async () => {
    const name = `example-${example}-client`;
    const service = run(example, name);
    const line = await service.waitForLine(/^http:\/\/127\.0\.0\.1:\d+ is registered/, 45_000);
    const url = /http:\S+/.exec(line)![0];
    expect(await waitFor(() => passing(name))).toHaveLength(1);
    expect((await fetch(url)).status).toBe(200);
    const client = io(url, { reconnection: false });
    try {
      expect(await client.timeout(5_000).emitWithAck('ask', 'the way')).toContain(answer);
      await waitFor(() => client.io.engine.transport.name === 'websocket');
      const letGo = new Promise((resolve) => client.on('disconnect', resolve));
      service.signal('SIGTERM');
      await waitFor(async () => (await entries(name)).length === 0);
      expect(await client.timeout(5_000).emitWithAck('ask', 'the way')).toContain(answer);
      // A client with `reconnection` connects to another instance after this reason.
      expect(await letGo).toBe('transport close');
      expect(await service.exit).toEqual({ code: 0, signal: null });
    } finally {
      client.close();
    }
  });
});

describe('the example no-server', () => {
  it('lists a worker without a port and finishes its job before it ends', async () => {
    const name = 'example-worker';
    const service = run('no-server', name);
    await service.waitForLine(/^worker mailer-\d+ is registered in consul$/);
    const [entry] = await waitFor(async () => {
      const found = await passing(name);
      return found.length === 1 && found;
    });
    expect(entry!.Service.Port).toBe(0);

    service.signal('SIGTERM');
    expect(await service.exit).toEqual({ code: 0, signal: null });
    expect(service.lines.some((line) => /^sent \d+ mails, stopped in/.test(line))).toBe(true);
    expect(await entries(name)).toEqual([]);
  });
});

describe('the example custom-registry', () => {
  it('needs no Consul and ends cleanly', async () => {
    const service = forkService('examples/custom-registry.ts', {
      env: { CONSUL_HTTP_ADDR: '127.0.0.1:1', SERVICE_NAME: 'example-custom' },
    });
    const line = await service.waitForLine(/^http:\S+ is registered in map as /);
    expect((await fetch(/http:\S+/.exec(line)![0])).status).toBe(200);
    service.signal('SIGTERM');
    expect(await service.exit).toEqual({ code: 0, signal: null });
  });

  it.for(registryContract)('$name', async (contractCase, { skip }) => {
    const slots: Parameters<typeof mapRegistry>[0] = new Map();
    const notApplicable = await contractCase.run({
      registry: mapRegistry(slots),
      ttlMs: 300,
      forget: async () => slots.clear(),
      advance: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      beatsKnowTheirOwner: true,
    });
    if (notApplicable !== undefined) skip(notApplicable);
  });
});
