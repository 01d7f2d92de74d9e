import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcd, redis } from 'rollcall';
import type { Registry, TlsOptions } from 'rollcall';
import { asError } from '../../src/core/errors.js';
import { startEtcd } from '../support/servers/etcd-server.js';
import { startRedis } from '../support/servers/redis-server.js';
import { filesOf, makeAuthority } from '../support/tls/certificates.js';
import type { Authority, Identity } from '../support/tls/certificates.js';
import { none, sampleOf } from '../integration/fixtures/own-redis.js';

/** A real server with TLS. */
interface TlsServer {
  /** Shows this certificate from now on, and wants one of its clients or none. */
  show(identity: Identity, clients?: 'any' | 'certified'): Promise<void>;
  registry(tls: TlsOptions): Registry;
  /** What is said of its port without TLS. */
  readonly plain: Promise<unknown>;
}

let authority: Authority;
let other: Authority;
let identity: Identity;
let files: Awaited<ReturnType<typeof filesOf>>;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  [authority, other] = await Promise.all([makeAuthority(), makeAuthority('Other CA')]);
  identity = await authority.issue();
  files = await filesOf({ ca: authority.cert, ...identity });
  stops.push(() => files.remove());
});
afterAll(() => Promise.all(stops.map((stop) => stop())));

async function writeIdentity({ cert, key }: Identity): Promise<void> {
  await files.write('cert', cert);
  await files.write('key', key);
}

async function etcdWithTls(): Promise<TlsServer> {
  const own = { 'cert-file': files.path('cert'), 'key-file': files.path('key') };
  const strict = { ...own, 'client-cert-auth': 'true', 'trusted-ca-file': files.path('ca') };
  const [open, closed] = await Promise.all([own, strict].map((flags) => startEtcd({ tls: true, flags })));
  for (const server of [open, closed]) stops.push(async () => server?.stop());
  let current = open;
  return {
    // etcd reads its files at each connection.
    async show(shown, clients = 'any') {
      await writeIdentity(shown);
      current = clients === 'any' ? open : closed;
    },
    registry: (tls) => etcd({ endpoints: [current?.url ?? ''], tls }),
    plain: wrongWith(etcd({ endpoints: [(open?.plainUrl ?? '').replace('http:', 'https:')], tls: {} })),
  };
}

async function redisWithTls(): Promise<TlsServer> {
  const paths = { 'tls-cert-file': files.path('cert'), 'tls-key-file': files.path('key') };
  const lines = Object.entries({ ...paths, 'tls-ca-cert-file': files.path('ca') }).map(([name, at]) => `${name} ${at}`);
  const server = await startRedis({ tls: true, config: lines });
  stops.push(() => server.stop());
  return {
    async show(shown, clients = 'any') {
      await writeIdentity(shown);
      await server.configure({ ...paths, 'tls-auth-clients': clients === 'any' ? 'no' : 'yes' });
    },
    registry: (tls) => redis({ url: `rediss://127.0.0.1:${server.tlsPort}`, tls }),
    // It falls silent, and is given up after ten seconds: meanwhile the other tests run.
    plain: wrongWith(redis({ url: `rediss://127.0.0.1:${server.port}`, tls: {} })),
  };
}

async function wrongWith(registry: Registry): Promise<unknown> {
  const outcome = await registry.read(sampleOf('certified'), none).then(() => 'nothing is wrong', asError);
  await registry.close();
  return outcome;
}

describe.each([
  ['etcd', etcdWithTls],
  ['redis', redisWithTls],
])('%s on a real server with TLS', (_kind, start) => {
  let server: TlsServer;
  beforeAll(async () => {
    server = await start();
  });

  it.each([
    ['signed by no authority that is known here', () => [identity, {}], /No trusted authority.*tls: \{ ca \}/],
    ['signed by another authority', () => [identity, { ca: other.cert }], /No trusted authority.*tls: \{ ca \}/],
    ['out of date', async () => [await authority.issue({ expired: true }), { ca: authority.cert }], /renew it on/],
    [
      'for another host',
      async () => [await authority.issue({ names: ['elsewhere'] }), { ca: authority.cert }],
      /another name: set \w+\(\{ tls: \{ serverName \} \}\)/,
    ],
  ] satisfies [string, () => unknown, RegExp][])(
    'says which option to set for a certificate that is %s',
    async (_what, make, words) => {
      const [shown, tls] = (await make()) as [Identity, TlsOptions];
      await server.show(shown);
      const registry = server.registry(tls);
      expect(await wrongWith(registry)).toMatchObject({
        code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
        message: expect.stringMatching(words) as string,
      });
    },
  );

  it('says so when it wants a certificate of ours, and takes one of its authority', async () => {
    await server.show(identity, 'certified');
    const ca = authority.cert;
    const message = expect.stringMatching(/requires a client certificate.*set \w+\(\{ tls: \{ cert, key \}/) as string;
    expect(await wrongWith(server.registry({ ca }))).toMatchObject({ message });
    const client = await authority.issue({ names: ['client'] });
    expect(await wrongWith(server.registry({ ca, ...client }))).toBe('nothing is wrong');
  });

  it('says so when there is no TLS at its port', { timeout: 30_000 }, async () => {
    const message = expect.stringMatching(/does not speak TLS there: set|If it runs, set .* TLS port/) as string;
    expect(await server.plain).toMatchObject({ message });
  });
});
