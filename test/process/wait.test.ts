import { createServer } from 'node:http';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { consul, register } from 'rollcall';
import { catalogOf, cleanUp, freshName, later, quickStop } from '../integration/fixtures/live.js';
import { killForkedServices } from '../support/fork-service.js';
import { waitFor } from '../support/wait-for.js';
import { TestService } from './fixtures/start-service.js';
import { get } from './fixtures/traffic.js';

const nobody = 'http://127.0.0.1:1';
const shutdown = { drain: { min: 0, quiet: 0, max: '1s' }, timeout: '5s' };

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

describe('register() without an agent', () => {
  it('takes no more of the start than `wait`, and the app serves', async () => {
    const service = new TestService({
      kind: 'http',
      url: nobody,
      options: { name: freshName('waits'), wait: '2s', shutdown },
    });
    const settled = await service.told('settled');
    expect(settled.state).toBe('recovering');
    expect(settled.tookMs).toBeGreaterThan(550);
    expect(settled.tookMs).toBeLessThan(5_000);
    expect((await get(await service.url())).status).toBe(200);
  });

  it('rejects with the real cause where it is required, and leaves the server to the app', async () => {
    const service = new TestService({
      kind: 'http',
      url: nobody,
      options: {
        name: freshName('required'),
        wait: '3s',
        required: true,
        shutdown: { ...shutdown, timeout: '30s' },
      },
    });
    const told = await service.told('rejected');
    const message = expect.stringContaining('ECONNREFUSED') as string;
    expect(told).toMatchObject({ code: 'ROLLCALL_REGISTRY_UNAVAILABLE', message });
    expect(told.tookMs).toBeLessThan(15_000);
    expect((await get(await service.url())).status).toBe(200);
  });
});

describe('register() of a server that does not listen yet', () => {
  it('returns at once, and registers when it listens', async () => {
    const url = inject('consulUrl');
    const name = freshName('listens-later');
    const server = createServer((_request, response) => response.end('fine'));
    const at = performance.now();
    const registrar = await register(server, {
      name,
      registry: consul({ endpoints: [url] }),
      wait: '40s',
      logger: false,
      shutdown: quickStop,
    });
    later(() => registrar.stop());
    expect(performance.now() - at).toBeLessThan(10_000);
    expect(registrar.state).toBe('waiting');
    server.listen(0, '127.0.0.1');
    const catalog = catalogOf(url);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });
});
