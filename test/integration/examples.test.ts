import { afterEach, describe, expect, inject, it } from 'vitest';
import { registryContract } from 'rollcall/testing';
import { mapRegistry } from '../../examples/map-registry.js';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';

interface HealthEntry {
  readonly Service: { readonly ID: string; readonly Port: number };
}

afterEach(killForkedServices);

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

describe.each(['one-line', 'node-http', 'fastify', 'express', 'nestjs', 'cluster'])('the example %s', (example) => {
  it('is listed as passing once it serves, says where, and is gone after a SIGTERM', async () => {
    const name = `example-${example}`;
    const service = run(example, name);
    const line = await service.waitForLine(/^http:\/\/127\.0\.0\.1:\d+ is registered/);
    const [entry] = await waitFor(async () => {
      const found = await passing(name);
      return found.length === 1 && found;
    });
    const url = /http:\S+/.exec(line)![0];
    expect(Number(new URL(url).port)).toBe(entry!.Service.Port);
    expect((await fetch(url)).status).toBe(200);

    service.signal('SIGTERM');
    await waitFor(async () => (await entries(name)).length === 0);
    expect(await service.exit).toEqual({ code: 0, signal: null });
    expect(await entries(name)).toEqual([]);
  });
});

describe('the example nestjs', () => {
  it('shuts the whole app down, once the traffic has gone', async () => {
    const service = run('nestjs', 'example-nestjs-end');
    await service.waitForLine(/is registered/);
    service.signal('SIGTERM');
    expect(await service.exit).toEqual({ code: 0, signal: null });
    expect(service.lines).toContain('the app has shut down');
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
