import { createServer as createPlainHttp2, createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { Registrar, consul } from 'rollcall';
import type { ConsulOptions, RegistrarOptions, TlsOptions } from 'rollcall';
import { recordEvents } from '../support/record-events.js';
import type { EventRecord } from '../support/record-events.js';
import { freePorts } from '../support/servers/free-ports.js';
import { filesOf, makeAuthority } from '../support/tls/certificates.js';
import type { Authority, Identity } from '../support/tls/certificates.js';
import { startTlsFront } from '../support/tls/tls-front.js';
import type { TlsFront } from '../support/tls/tls-front.js';
import { waitFor } from '../support/wait-for.js';
import { catalogOf, cleanUp, freshName, later, ownConsul, quickStop } from './fixtures/live.js';

const shared = inject('consulUrl');
const signal = new AbortController().signal;
const key = { name: 'nobody', id: 'nobody' };

let authority: Authority;
let other: Authority;
let agent: Identity;
let client: Identity;
beforeAll(async () => {
  [authority, other] = await Promise.all([makeAuthority(), makeAuthority('Other CA')]);
  [agent, client] = await Promise.all([authority.issue(), authority.issue({ names: ['client'] })]);
});
afterEach(cleanUp);

async function front(options: Parameters<typeof startTlsFront>[1], target = shared): Promise<TlsFront> {
  const started = await startTlsFront(target, options);
  later(() => started.close());
  return started;
}

function registrarWith(
  options: ConsulOptions,
  more: RegistrarOptions = {},
): { registrar: Registrar; events: EventRecord; name: string } {
  const name = freshName('tls');
  const registrar = new Registrar({
    name,
    id: name,
    address: '127.0.0.1',
    port: 4000,
    registry: consul(options),
    logger: false,
    shutdown: quickStop,
    ttl: '3s',
    ...more,
  });
  later(() => registrar.stop());
  return { registrar, events: recordEvents(registrar), name };
}

async function wrongWith(url: string, tls: TlsOptions): Promise<unknown> {
  const registry = consul({ endpoints: [url], tls });
  later(() => registry.close());
  return registry.read(key, signal).then(
    () => 'nothing is wrong',
    (error: unknown) => error,
  );
}

describe('an agent whose certificate cannot be taken', () => {
  it.each([
    ['signed by nobody we know', async () => ({ identity: agent, tls: {} }), /No trusted authority.*tls: \{ ca \}/],
    ['signed by another authority', async () => ({ identity: agent, tls: { ca: other.cert } }), /No trusted authority/],
    [
      'out of date',
      async () => ({ identity: await authority.issue({ expired: true }), tls: { ca: authority.cert } }),
      /out of date/,
    ],
    [
      'for another host',
      async () => ({ identity: await authority.issue({ names: ['elsewhere'] }), tls: { ca: authority.cert } }),
      /another name.*serverName/,
    ],
  ] as const)('%s: nothing is sent, and the error says what to do', async (_what, make, words) => {
    const { identity, tls } = await make();
    const { url } = await front(identity);
    expect(await wrongWith(url, tls)).toMatchObject({
      code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      message: expect.stringMatching(words) as string,
    });
  });

  it('is taken by the name that it carries, or by any when that is wanted, with a warning', async () => {
    const { url } = await front(await authority.issue({ names: ['elsewhere'] }));
    expect(await wrongWith(url, { ca: authority.cert, serverName: 'elsewhere' })).toBe('nothing is wrong');
    expect(await wrongWith(url, { insecureSkipVerify: true })).toBe('nothing is wrong');
    expect(consul({ endpoints: [url], tls: { insecureSkipVerify: true } }).warnings).toEqual([
      expect.stringContaining('not verified'),
    ]);
  });

  it('speaks no TLS at all', async () => {
    expect(await wrongWith(shared.replace('http:', 'https:'), {})).toMatchObject({
      message: expect.stringContaining('does not speak TLS') as string,
    });
  });
});

describe('an agent that asks for a client certificate', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'says so to whoever has none, and takes none of a stranger (%s)',
    async (version) => {
      const { url } = await front({
        ...agent,
        ca: authority.cert,
        requestCert: true,
        rejectUnauthorized: true,
        maxVersion: version,
      });
      const stranger = await other.issue({ names: ['client'] });
      expect(await wrongWith(url, { ca: authority.cert })).toMatchObject({
        message: expect.stringMatching(/client certificate.*tls: \{ cert, key \}/) as string,
      });
      expect(await wrongWith(url, { ca: authority.cert, ...stranger })).toMatchObject({
        code: 'ROLLCALL_REGISTRY_UNAVAILABLE',
      });
      expect(await wrongWith(url, { ca: authority.cert, ...client })).toBe('nothing is wrong');
    },
  );

  it('has the service for its whole life, on the HTTPS port of a real one', async () => {
    const [http = 0, dns = 0, serf = 0, rpc = 0, https = 0] = await freePorts(5);
    const files = await filesOf({
      ca: authority.cert,
      cert: agent.cert,
      key: agent.key,
      'client.pem': client.cert,
      'client-key.pem': client.key,
    });
    later(() => files.remove());
    const ports = { http, dns, serf_lan: serf, serf_wan: -1, server: rpc, grpc: -1, https };
    const config = {
      ports,
      ca_file: files.path('ca'),
      cert_file: files.path('cert'),
      key_file: files.path('key'),
      verify_incoming_https: true,
    };
    await ownConsul({ ports: { http, dns, serf, rpc }, config });
    const endpoints = [`https://127.0.0.1:${https}`];
    for (const own of [{}, await other.issue()]) {
      expect(await wrongWith(endpoints[0]!, { ca: authority.cert, ...own })).toMatchObject({
        message: expect.stringContaining('client certificate') as string,
      });
    }
    const { registrar, events, name } = registrarWith({
      endpoints,
      tls: { ca: files.path('ca'), cert: files.path('client.pem'), key: files.path('client-key.pem') },
    });
    void registrar.start();
    await events.next('registered');
    const catalog = catalogOf(`http://127.0.0.1:${http}`);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
    await catalog.deregister(name);
    await events.next('recovered');
    await registrar.stop();
    expect(events.of('deregistered')).toMatchObject([{ confirmed: true }]);
    expect(await catalog.entries(name)).toEqual([]);
  });
});

describe('TLS files that are replaced while a service runs', () => {
  it('are taken up live: another authority, without a beat missed, and the old connections are let go', async () => {
    const door = await front(agent);
    const files = await filesOf({ ca: authority.cert });
    later(() => files.remove());
    const { registrar, events } = registrarWith({ endpoints: [door.url], tls: { ca: files.path('ca') } });
    void registrar.start();
    await events.next('registered');
    await events.next('beat');
    const before = door.accepted;
    await files.write('ca', `${authority.cert}\n${other.cert}`);
    await waitFor(() => door.accepted > before);
    const renewed = door.accepted;
    door.use(await other.issue());
    await files.write('ca', other.cert);
    await waitFor(() => door.accepted > renewed);
    events.clear();
    await events.next('beat');
    await events.next('beat');
    // The beats', the calls', and the held look's, which may still be the former one.
    expect(door.open).toBeLessThanOrEqual(4);
    expect([events.of('beatMissed'), events.of('lost')]).toEqual([[], []]);
  });

  it('are left as they were, with a word about it, while they are half written or do not belong together', async () => {
    const door = await front({ ...agent, ca: authority.cert, requestCert: true, rejectUnauthorized: true });
    const files = await filesOf({ cert: client.cert, key: client.key });
    later(() => files.remove());
    const { registrar, events } = registrarWith({
      endpoints: [door.url],
      tls: { ca: authority.cert, cert: files.path('cert'), key: files.path('key') },
    });
    void registrar.start();
    await events.next('registered');
    const next = await authority.issue({ names: ['client'] });
    await files.write('cert', next.cert);
    expect((await events.next('warning')).message).toMatch(
      /tls\.key has to be the private key of the certificate in tls\.cert.*stays in use/,
    );
    await files.write('key', next.key.slice(0, 60));
    expect((await events.next('warning')).message).toMatch(/tls\.key has to be a private key/);
    const before = door.accepted;
    await files.write('key', next.key);
    await waitFor(() => door.accepted > before);
    await events.next('beat');
    expect(events.of('beatMissed')).toEqual([]);
  });
});

describe("an agent's own probe over TLS", () => {
  async function served(
    server: Server,
    checks: RegistrarOptions['checks'],
  ): Promise<{ events: EventRecord; registrar: Registrar; name: string }> {
    later(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const name = freshName('probe');
    const registrar = new Registrar({
      name,
      id: name,
      address: '127.0.0.1',
      registry: consul({ endpoints: [shared] }),
      logger: false,
      shutdown: quickStop,
      ttl: '2s',
      checks: checks!,
    });
    later(() => registrar.stop());
    const events = recordEvents(registrar);
    void registrar.bind(server).start();
    await events.next('registered');
    return { events, registrar, name };
  }

  it('of a certificate that it does not take is warned of with what to do, and passes with `tls`', async () => {
    const identity = await authority.issue();
    const { events } = await served(createHttps(identity), { http: { interval: '500ms' } });
    const warned = async (): Promise<string> => {
      const { message } = await events.next('warning');
      return message.includes('cannot pass') ? message : warned();
    };
    expect(await warned()).toMatch(
      /:http cannot pass: the agent does not accept the server's certificate: set `checks\.http\.tls`.*x509/,
    );
    const { name } = await served(createSecureServer({ ...identity, allowHTTP1: true }), {
      http: { interval: '500ms', tls: { insecureSkipVerify: true } },
    });
    const catalog = catalogOf(shared);
    await waitFor(async () => (await catalog.passing(name)).length === 1);
  });

  it('by another name is more than an old agent knows, and its refusal says what to do', async () => {
    const server = createHttps(await authority.issue());
    later(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { registrar, events } = registrarWith(
      { endpoints: [shared] },
      { checks: { http: { tls: { serverName: 'localhost' } } } },
    );
    registrar
      .bind(server)
      .start()
      .catch(() => undefined);
    if (inject('consulFacts').knowsTlsServerName) {
      await events.next('registered');
      return;
    }
    expect((await events.next('failed')).error).toMatchObject({
      code: 'ROLLCALL_REGISTRY_REJECTED',
      message: expect.stringMatching(/unknown field "TLSServerName".*older than the field/) as string,
    });
  });

  it('of HTTP/2 in the clear is warned of, and a TCP check does it', async () => {
    const server = createPlainHttp2();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    later(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`;
    const { events } = await served(createPlainHttp2(), {
      tcp: { interval: '500ms' },
      http: { path: url, interval: '500ms' },
    });
    expect((await events.next('warning')).message).toMatch(
      /:http cannot pass: the server does not speak HTTP\/1.*`checks: \{ tcp: true \}`/,
    );
  });
});
