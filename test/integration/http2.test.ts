import { once } from 'node:events';
import { connect, createSecureServer, createServer } from 'node:http2';
import type { ClientHttp2Session, IncomingHttpHeaders, SecureClientSessionOptions } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { register } from 'rollcall';
import { afterEach, describe, expect, it } from 'vitest';
import { recordEvents } from '../support/record-events.js';
import { waitFor } from '../support/wait-for.js';
import { certificate, footprint } from '../unit/server/real-servers.js';
import { brisk, roster } from './fixtures/in-memory.js';
import { cleanUp, freshName, later } from './fixtures/live.js';

afterEach(cleanUp);

type Handler = NonNullable<Parameters<typeof createServer>[1]>;
const kinds = {
  h2c: { scheme: 'http', create: (handler: Handler): Server => createServer({}, handler) },
  h2: { scheme: 'https', create: (handler: Handler): Server => createSecureServer(certificate, handler) },
};

async function open(scheme: string, port: number): Promise<ClientHttp2Session> {
  const session = connect(`${scheme}://localhost:${port}`, {
    ca: certificate.cert,
    family: 4,
  } as SecureClientSessionOptions);
  later(() => {
    session.destroy();
  });
  await once(session, 'connect');
  return session;
}

async function ask(session: ClientHttp2Session, path: string): Promise<number | undefined> {
  const stream = session.request({ ':path': path });
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }];
  stream.resume();
  await once(stream, 'close');
  return headers[':status'];
}

describe.each(['h2c', 'h2'] as const)('a node:http2 server that speaks %s', (kind) => {
  const { scheme, create } = kinds[kind];

  async function started(handler: Handler = (_, response) => response.end('two')) {
    const server = create(handler);
    const before = footprint(server);
    const { registry, passing } = roster();
    const name = freshName(kind);
    const registrar = await register(server, { ...brisk, name, registry, health: { path: '/health' } });
    later(() => registrar.stop());
    const events = recordEvents(registrar);
    server.listen(0, '127.0.0.1');
    await events.next('registered');
    return {
      server,
      before,
      registrar,
      events,
      passing: () => passing(name),
      port: (server.address() as AddressInfo).port,
    };
  }

  it('is listed, answers its health paths, and its idle sessions are told to go', async () => {
    const { server, before, registrar, passing, port } = await started();
    expect(await passing()).toEqual([registrar.instance?.id]);
    const session = await open(scheme, port);
    expect(await ask(session, '/')).toBe(200);
    expect(await ask(session, '/health/ready')).toBe(200);
    const told = once(session, 'goaway');
    const gone = once(session, 'close');
    await registrar.stop();
    expect((await told)[0]).toBe(0);
    await gone;
    expect(await passing()).toEqual([]);
    expect(server.listening).toBe(false);
    // Only the first close() of the host is still awaited.
    await new Promise((resolve) => server.close(resolve));
    expect(footprint(server)).toEqual(before);
  });

  it('answers the streams in progress before their session ends', async () => {
    let answer = () => {};
    const { server, registrar, events, port } = await started((_, response) => (answer = () => response.end('late')));
    const session = await open(scheme, port);
    const arrived = once(server, 'stream');
    const answered = ask(session, '/slow');
    await arrived;
    const stopping = registrar.stop();
    await events.next('deregistered');
    await waitFor(() => !server.listening);
    answer();
    expect(await answered).toBe(200);
    await stopping;
    expect(events.of('stopped')).toMatchObject([{ errors: [] }]);
  });
});
