import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { Readable } from 'node:stream';
import tls from 'node:tls';
import { systemClock } from '../../../src/core/clock.js';
import type { Clock } from '../../../src/core/clock.js';
import type { Protocol } from '../../../src/server/protocol.js';

const pem = (name: string) => readFileSync(new URL(`../../support/tls/localhost.${name}.pem`, import.meta.url));
export const certificate = { key: pem('key'), cert: pem('cert') };

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;
export type HttpKind = Exclude<Protocol, 'tcp'>;

/** A server of each kind; a TCP one echoes. */
export function makeServer(kind: Protocol, handler: Handler = (_, response) => response.end('served')): Server {
  const server = newServer(kind, handler);
  // Longer than any test: a connection that ends was ended, and not left to time out.
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = 300_000;
  return server;
}

function newServer(kind: Protocol, handler: Handler): Server {
  const handle2 = handler as unknown as (
    request: http2.Http2ServerRequest,
    response: http2.Http2ServerResponse,
  ) => void;
  switch (kind) {
    case 'http':
      return http.createServer(handler);
    case 'https':
      return https.createServer(certificate, handler);
    case 'h2c':
      return http2.createServer(handle2);
    case 'h2':
      return http2.createSecureServer(certificate, handle2);
    case 'tcp':
      return net.createServer((socket) => socket.pipe(socket));
  }
}

/** Listens on a free loopback port, which it resolves to. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** An answer whose body may still be under way. */
export interface BegunAnswer extends Omit<Answer, 'body'> {
  readonly body: Readable;
}

export interface Client {
  request(path: string, method?: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Resolves when the answer begins. */
  begin(path: string): Promise<BegunAnswer>;
  /** Resolves when the server has ended the connection. */
  readonly gone: Promise<void>;
  close(): void;
}

/** One kept connection to a server of this kind. */
export async function connect(kind: HttpKind, port: number): Promise<Client> {
  return kind === 'http' || kind === 'https' ? connectHttp1(kind, port) : connectHttp2(kind, port);
}

async function connectHttp1(kind: 'http' | 'https', port: number): Promise<Client> {
  const secure = kind === 'https';
  const socket = secure
    ? tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' })
    : net.connect(port, '127.0.0.1');
  socket.on('error', () => {});
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await once(socket, secure ? 'secureConnect' : 'connect');
  // An agent that has but this one connection, and gives it back after each answer.
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = () => socket;
  const send: Send = async (path, method, headers) => {
    const request = http.request({ agent, path, method, headers, host: 'localhost', port });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return { status: response.statusCode ?? 0, headers: response.headers, body: response };
  };
  return { gone, close: () => socket.destroy(), ...requests(send) };
}

async function connectHttp2(kind: 'h2c' | 'h2', port: number): Promise<Client> {
  const session = http2.connect(`${kind === 'h2' ? 'https' : 'http'}://localhost:${port}`, {
    ca: certificate.cert,
    family: 4,
  } as http2.SecureClientSessionOptions);
  session.on('error', () => {});
  const gone = new Promise<void>((resolve) => session.once('close', () => resolve()));
  await once(session, 'connect');
  const send: Send = async (path, method, sent) => {
    const stream = session.request({ ...sent, ':path': path, ':method': method });
    stream.end();
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & { ':status': number }];
    return { status: headers[':status'], headers, body: stream };
  };
  return { gone, close: () => session.destroy(), ...requests(send) };
}

type Send = (path: string, method: string, headers: Readonly<Record<string, string>>) => Promise<BegunAnswer>;

function requests(send: Send): Pick<Client, 'request' | 'begin'> {
  return {
    async request(path, method = 'GET', headers = {}) {
      const answer = await send(path, method, headers);
      return { ...answer, body: await textOf(answer.body) };
    },
    begin: (path) => send(path, 'GET', {}),
  };
}

async function textOf(readable: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of readable) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** A clock whose time stands still until it is set. */
export function stoppedClock(now: number): Clock & { set: (now: number) => void } {
  return {
    ...systemClock,
    now: () => now,
    set: (later) => {
      now = later;
    },
  };
}

/** A handler that answers when told to. */
export function heldHandler(): { handler: Handler; arrived: Promise<void>; answer: () => void } {
  let answer = () => {};
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const handler: Handler = (_, response) => {
    answer = () => response.end('late');
    arrive();
  };
  return { handler, arrived, answer: () => answer() };
}

/** How many listeners and own methods an emitter has: what rollcall must leave as it found it. */
export function footprint(server: Server): Record<string, number> {
  const names = [...server.eventNames(), 'error', 'listening', 'close', 'request', 'connection'];
  const counts = Object.fromEntries(names.map((name) => [String(name), server.listenerCount(name)]));
  return {
    ...counts,
    ownEmit: Number(Object.hasOwn(server, 'emit')),
    ownClose: Number(Object.hasOwn(server, 'close')),
  };
}
