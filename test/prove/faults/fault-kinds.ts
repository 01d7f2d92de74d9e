import type { Socket } from 'node:net';
import type { HttpAnswer, HttpExchange, HttpRequest } from '../../../src/integrations/testing/http-rewriter.js';
import { pause } from '../experiment/pause.js';
import type { FaultKind, Verb } from './judge-faults.js';

/** What goes wrong with a request, before the agent has seen it or after. Undefined: nothing. */
export interface Mischief {
  readonly before?: (healed: Promise<void>) => Promise<HttpAnswer | undefined>;
  readonly after?: (exchange: HttpExchange, healed: Promise<void>) => HttpAnswer | Promise<HttpAnswer>;
}

const LATENCY_MS = 600;
const DRIP_EVERY_MS = 50;
const HUGE_BYTES = 1024 ** 3;

const answered = (status: number): Mischief => ({ before: () => Promise.resolve({ status, body: `no: ${status}` }) });

export const mischief: Readonly<Record<FaultKind, Mischief>> = {
  latency: {
    async before() {
      await pause(LATENCY_MS);
      return undefined;
    },
  },
  // The agent goes on where it stood.
  stall: {
    async before(healed) {
      await healed;
      return undefined;
    },
  },
  // Done, and nobody is told.
  reset: { after: () => ({ raw: (connection) => connection.resetAndDestroy() }) },
  cut: {
    after: () => ({
      raw: (connection) =>
        connection.end(
          'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"AggregatedStatus"',
        ),
    }),
  },
  drip: {
    after: ({ status, headers, body }, healed) => ({
      raw: (connection) => void drip(connection, textOf(status, headers, body), healed),
    }),
  },
  '429': answered(429),
  '500': answered(500),
  '503': answered(503),
  garbage: {
    after: () => ({
      status: 200,
      headers: { 'content-type': 'application/json', 'x-consul-contenthash': undefined },
      body: '{"AggregatedStatus": <oops',
    }),
  },
  'endless headers': {
    before: (healed) =>
      Promise.resolve({
        raw: (connection) =>
          pour(connection, 'HTTP/1.1 200 OK\r\n', `X-More: ${'x'.repeat(1_000)}\r\n`, Infinity, healed),
      }),
  },
  'huge body': {
    before: (healed) =>
      Promise.resolve({
        raw: (connection) =>
          pour(
            connection,
            `HTTP/1.1 200 OK\r\nContent-Length: ${HUGE_BYTES}\r\n\r\n`,
            '{'.repeat(1024 * 1024),
            HUGE_BYTES,
            healed,
          ),
      }),
  },
};

const paths: Readonly<Record<Verb, RegExp>> = {
  register: /^PUT \/v1\/agent\/service\/register/,
  look: /^GET \/v1\/agent\/health\/service\/id\//,
  beat: /^PUT \/v1\/agent\/check\/(update|pass)\//,
  deregister: /^PUT \/v1\/agent\/service\/deregister\//,
  'held poll': /^GET \/v1\/agent\/service\//,
};

export function isOf(verb: Verb, { method, path }: Pick<HttpRequest, 'method' | 'path'>): boolean {
  return paths[verb].test(`${method} ${path}`);
}

function textOf(status: number, headers: HttpExchange['headers'], body: string): string {
  const kept = Object.entries(headers).filter(
    ([name]) => !['connection', 'transfer-encoding', 'content-length'].includes(name),
  );
  const lines = kept.map(([name, value]) => `${name}: ${String(value)}\r\n`).join('');
  // Whoever writes by hand has the connection to himself: no other request may follow on it.
  return `HTTP/1.1 ${status} So\r\n${lines}Connection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

async function drip(connection: Socket, text: string, healed: Promise<void>): Promise<void> {
  let isHealed = false;
  void healed.then(() => (isHealed = true));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length && !connection.destroyed; at += 1) {
    if (isHealed) {
      connection.end(bytes.subarray(at));
      return;
    }
    connection.write(bytes.subarray(at, at + 1));
    await pause(DRIP_EVERY_MS);
  }
  connection.end();
}

/** Writes as fast as it is taken, until the client has had enough. */
function pour(connection: Socket, head: string, piece: string, bytes: number, healed: Promise<void>): void {
  let left = bytes;
  const more = () => {
    while (left > 0 && !connection.destroyed) {
      left -= piece.length;
      if (!connection.write(piece)) return;
    }
  };
  connection.on('error', () => undefined).on('drain', more);
  void healed.then(() => connection.destroy());
  connection.write(head);
  more();
}
