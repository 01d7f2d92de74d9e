import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, expect, inject, it } from 'vitest';
import { forkService, killForkedServices } from '../support/fork-service.js';
import { rawConsul } from '../support/servers/raw-consul.js';
import { waitFor } from '../support/wait-for.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

interface Entry {
  readonly Service: { readonly ID: string; readonly Port: number };
  readonly Checks: readonly {
    readonly CheckID: string;
    readonly Type: string;
    readonly Status: string;
    readonly Output: string;
  }[];
}

const consulUrl = inject('consulUrl');

afterEach(async () => {
  await killForkedServices();
  await cleanUp();
});

/** One call of a method, its message and its answer as they are on the wire. */
function call(port: number, path: string, message: string): Promise<Buffer> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const asTheyAre = (bytes: Buffer) => bytes;
  return new Promise<Buffer>((resolve, reject) => {
    client.makeUnaryRequest(path, asTheyAre, asTheyAre, Buffer.from(message), (error, answer) => {
      client.close();
      if (error) reject(error);
      else resolve(answer ?? Buffer.alloc(0));
    });
  });
}

it('the example grpc is listed once Consul’s gRPC check passes, answers calls, and is gone after a SIGTERM', async () => {
  const name = freshName('example-grpc');
  const reader = rawConsul(consulUrl);
  later(() => reader.close());
  const entries = async (query = '') => (await reader.get(`/v1/health/service/${name}${query}`)).json<Entry[]>();

  const service = forkService('examples/grpc.ts', {
    env: {
      CONSUL_HTTP_ADDR: consulUrl,
      SERVICE_NAME: name,
      SERVICE_REGISTRY: undefined,
      PORT: undefined,
      HOST: undefined,
    },
  });
  await service.waitForLine(/^grpc:\/\/127\.0\.0\.1:\d+ is registered in consul/);
  const [entry] = await waitFor(async () => {
    const found = await entries('?passing');
    return found.length === 1 && found;
  });
  const { ID, Port } = entry!.Service;
  const check = entry!.Checks.find(({ CheckID }) => CheckID === `${ID}:grpc`);
  expect(check).toMatchObject({ Type: 'grpc', Status: 'passing' });
  expect(check!.Output).toContain(`127.0.0.1:${Port}`);
  expect((await call(Port, '/shop.Stock/Left', 'apples')).toString()).toBe('12');
  expect([...(await call(Port, '/grpc.health.v1.Health/Check', ''))]).toEqual([8, 1]);

  service.signal('SIGTERM');
  await waitFor(async () => (await entries()).length === 0);
  // Still serving those who have not noticed yet.
  expect((await call(Port, '/shop.Stock/Left', 'pears')).toString()).toBe('0');
  expect([...(await call(Port, '/grpc.health.v1.Health/Check', ''))]).toEqual([8, 2]);
  expect(await service.exit).toEqual({ code: 0, signal: null });
  expect(service.lines).toContain('all calls have ended');
  expect(await entries()).toEqual([]);
});

it('a gRPC check that nobody answers keeps an instance out of the passing list', async () => {
  const { Registrar, consul } = await import('rollcall');
  const name = freshName('grpc-deaf');
  const registrar = new Registrar({
    name,
    port: 1,
    checks: { grpc: { interval: '1s' } },
    registry: consul({ endpoints: [consulUrl] }),
    logger: false,
    shutdown: { signals: false, drain: { min: 0, quiet: 0 } },
  });
  later(() => registrar.stop());
  await registrar.start();
  const reader = rawConsul(consulUrl);
  later(() => reader.close());
  const id = `${registrar.instance!.id}:grpc`;
  // The agent's own view: to the catalog a new output alone is no news.
  const check = await waitFor(async () => {
    const checks = (await reader.get('/v1/agent/checks')).json<Record<string, Entry['Checks'][number]>>();
    return checks[id]?.Output !== '' && checks[id];
  });
  expect(check).toMatchObject({ Type: 'grpc', Status: 'critical' });
  expect((await reader.get(`/v1/health/service/${name}?passing`)).json<Entry[]>()).toEqual([]);
});
