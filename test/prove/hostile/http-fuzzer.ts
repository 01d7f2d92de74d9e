import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { SecureContextOptions } from 'node:tls';
import type { Chaos } from './chaos.js';
import { encode, hostileHttp, hostileMessage, lines } from './grammar/http.js';
import type { Dice } from './grammar/dice.js';
import { play } from './grammar/steps.js';
import { requestsOn } from './http-requests.js';
import type { WireRequest } from './http-requests.js';

export interface FuzzerOptions {
  readonly target: { readonly host: string; readonly port: number };
  readonly registrar: number;
  readonly chaos: Chaos;
  /** Clients speak TLS. @default false */
  readonly tls?: SecureContextOptions | undefined;
  /** Sees every true answer. */
  readonly onAnswer?: (path: string, body: string) => void;
}

export interface Fuzzer {
  readonly port: number;
  close(): void;
}

const HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);
/** A stream is spoilt from its beginning, or after so many messages. */
const MOST_TRUE_MESSAGES = 3;

/** An HTTP proxy of one Registrar, before a real server, that makes up answers as the chaos says. */
export async function startHttpFuzzer(options: FuzzerOptions): Promise<Fuzzer> {
  return listen(options, (socket) => void serve(socket, options));
}

/** A server whose connections are counted and end with it. */
export async function listen(
  { registrar, chaos, tls }: FuzzerOptions,
  onSocket: (socket: Socket) => void,
): Promise<Fuzzer> {
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket) => {
    chaos.connections[registrar]?.count();
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    onSocket(socket);
  };
  const server: Server = tls === undefined ? createServer(onConnection) : createTlsServer(tls, onConnection);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function serve(socket: Socket, options: FuzzerOptions): Promise<void> {
  const { chaos, registrar } = options;
  try {
    for await (const asked of requestsOn(socket)) {
      chaos.requests[registrar]?.count();
      const dice = chaos.draw(registrar);
      const goesOn =
        dice === undefined ? await pass(asked, socket, options) : await spoil(dice, asked, socket, options);
      if (!goesOn) return;
    }
  } catch {
    socket.destroy();
  }
}

/** The server has done what was asked, or has never heard of it; either way the answer is not its own. */
async function spoil(dice: Dice, asked: WireRequest, socket: Socket, options: FuzzerOptions): Promise<boolean> {
  const { chaos, registrar } = options;
  const verb = `${asked.method} ${asked.path.replace(/\?.*/, '')}`;
  const note = (what: string) => chaos.note(registrar, dice, verb, what);
  let truth = { status: 200, headers: { 'content-type': 'application/json' } as Record<string, string>, body: '{}' };
  let isStream = false;
  if (dice.chance(0.75)) {
    const incoming = await forward(asked, socket, options);
    isStream = incoming.headers['content-length'] === undefined && asked.path.startsWith('/v3/');
    if (isStream && asked.path === '/v3/watch' && dice.chance(0.7)) {
      note('stream');
      return spoilStream(dice, incoming, socket, options);
    }
    const body = isStream ? await firstChunk(incoming) : (await collect(incoming)).toString();
    // It may have taken until all was well again.
    if (chaos.isHealed) {
      socket.write(encode(incoming.statusCode ?? 0, kept(incoming), Buffer.from(body)));
      return true;
    }
    truth = { status: incoming.statusCode ?? 0, headers: kept(incoming), body };
  }
  const requestText = `${asked.head}\r\n\r\n${asked.body.toString()}`;
  const { what, steps } = hostileHttp(dice, { ...truth, request: requestText, isStream });
  note(what);
  return play(steps, socket, chaos);
}

async function spoilStream(
  dice: Dice,
  incoming: IncomingMessage,
  socket: Socket,
  { chaos }: FuzzerOptions,
): Promise<boolean> {
  writeHead(incoming, socket);
  let trueMessages = dice.int(MOST_TRUE_MESSAGES);
  const end = () => socket.destroy();
  void chaos.healed.then(end);
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    if (socket.destroyed) return false;
    trueMessages -= 1;
    writeChunk(socket, trueMessages >= 0 ? chunk : hostileMessage(dice, chunk.toString()));
    for (let more = trueMessages < 0 ? dice.int(4) : 0; more > 0; more -= 1)
      writeChunk(socket, hostileMessage(dice, chunk.toString()));
    if (trueMessages < -1 && dice.chance(0.5)) break;
  }
  if (dice.chance(0.5)) socket.end('0\r\n\r\n');
  else await chaos.healed;
  socket.destroy();
  return false;
}

async function pass(asked: WireRequest, socket: Socket, options: FuzzerOptions): Promise<boolean> {
  const incoming = await forward(asked, socket, options);
  if (incoming.headers['content-length'] !== undefined || !asked.path.startsWith('/v3/')) {
    const body = await collect(incoming);
    options.onAnswer?.(asked.path, body.toString());
    socket.write(encode(incoming.statusCode ?? 0, kept(incoming), body));
    return !socket.destroyed;
  }
  writeHead(incoming, socket);
  for await (const chunk of incoming as AsyncIterable<Buffer>) writeChunk(socket, chunk);
  socket.write('0\r\n\r\n');
  return !socket.destroyed;
}

/** Ends with the client. */
function forward(
  { method, path, headers, body }: WireRequest,
  socket: Socket,
  { target }: FuzzerOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...target, method, path, headers, agent: false }, resolve);
    const end = () => outgoing.destroy();
    socket.once('close', end);
    outgoing.once('error', reject).once('close', () => socket.off('close', end));
    outgoing.end(body);
  });
}

function kept({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !HOP_HEADERS.has(name))
      .map(([name, value]) => [name, String(value)]),
  );
}

function writeHead(incoming: IncomingMessage, socket: Socket): void {
  socket.write(`HTTP/1.1 ${incoming.statusCode ?? 0} OK\r\n${lines(kept(incoming))}Transfer-Encoding: chunked\r\n\r\n`);
}

function writeChunk(socket: Socket, bytes: Buffer): void {
  if (bytes.length > 0)
    socket.write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]));
}

async function collect(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function firstChunk(incoming: IncomingMessage): Promise<string> {
  for await (const chunk of incoming as AsyncIterable<Buffer>) return chunk.toString();
  return '';
}
