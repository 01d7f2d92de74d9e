import { Agent, request } from 'node:http';
import { wallClock } from '../experiment/history.js';
import { pause } from '../experiment/pause.js';
import { STREAM } from './service-plan.js';

/** What went wrong with a request, as its caller sees it. */
export type FailureKind = 'status' | 'reset' | 'timeout' | 'truncated';

export interface Failure {
  readonly at: number;
  readonly id: string;
  readonly path: string;
  readonly connection: 'kept' | 'fresh';
  readonly kind: FailureKind;
  readonly detail: string;
}

/** So many callers in a loop, each of whom pauses so long after an answer. */
export interface Stream {
  readonly path: string;
  readonly connection: 'kept' | 'fresh';
  readonly callers: number;
  readonly pauseMs: number;
  /** They begin one after another over so long, so that they do not go in step. @default 0 */
  readonly spreadMs?: number;
}

const kinds = [
  { path: '/1', callers: 4, pauseMs: 30 },
  { path: '/300', callers: 4, pauseMs: 20 },
  { path: '/5000', callers: 4, pauseMs: 20, spreadMs: 5_000 },
  { path: '/stream', callers: 2, pauseMs: 20, spreadMs: 2_000 },
];

/** Short, middling and long answers and a streamed one, over kept and fresh connections: some 250 requests a second. */
export const fullLoad: readonly Stream[] = kinds.flatMap((kind) => [
  { ...kind, connection: 'kept' as const },
  { ...kind, connection: 'fresh' as const },
]);

/** One request a second. */
export const littleLoad: readonly Stream[] = [{ path: '/1', connection: 'fresh', callers: 1, pauseMs: 1_000 }];

const TIMEOUT_MS = 15_000;
let serial = 0;

/** On loopback. */
export interface LoadTarget {
  readonly port: number;
  /** What each path begins with. @default '' */
  readonly prefix?: string;
}

/** Callers of a balancer, until they are stopped. */
export class Load {
  requests = 0;
  readonly failures: Failure[] = [];
  readonly #target: LoadTarget;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });
  readonly #callers: Promise<void>[];
  #over = false;

  constructor(target: LoadTarget, streams: readonly Stream[]) {
    this.#target = target;
    this.#callers = streams.flatMap((stream) =>
      Array.from({ length: stream.callers }, (_, i) =>
        this.#call(stream, (i / stream.callers) * (stream.spreadMs ?? 0)),
      ),
    );
  }

  /** Resolves when the last request has been answered. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#callers);
    this.#agent.destroy();
  }

  async #call({ path, connection, pauseMs }: Stream, afterMs: number): Promise<void> {
    await pause(afterMs);
    while (!this.#over) {
      serial += 1;
      const id = `${process.pid}-${serial}`;
      this.requests += 1;
      const wrong = await ask(this.#target, path, id, connection === 'kept' ? this.#agent : false);
      if (wrong !== undefined) this.failures.push({ at: wallClock(), id, path, connection, ...wrong });
      await pause(pauseMs);
    }
  }
}

/** What went wrong; undefined: it was answered in full. Never rejects. */
export function ask(
  { port, prefix = '' }: LoadTarget,
  path: string,
  id: string,
  agent: Agent | false,
): Promise<Pick<Failure, 'kind' | 'detail'> | undefined> {
  const bytes = path === '/stream' ? STREAM.chunks * STREAM.chunkBytes : 2;
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, path: `${prefix}${path}`, agent, headers: { 'x-request': id } };
    const asked = request(options, (response) => {
      let received = 0;
      response.on('data', (chunk: Buffer) => (received += chunk.length));
      response.on('error', () => resolve({ kind: 'truncated', detail: `after ${received} bytes` }));
      response.on('end', () => {
        if (response.statusCode !== 200) resolve({ kind: 'status', detail: String(response.statusCode) });
        else if (received !== bytes) resolve({ kind: 'truncated', detail: `${received} of ${bytes} bytes` });
        else resolve(undefined);
      });
    });
    asked.setTimeout(TIMEOUT_MS, () => {
      resolve({ kind: 'timeout', detail: `${TIMEOUT_MS} ms` });
      asked.destroy();
    });
    asked.on('error', (error: NodeJS.ErrnoException) =>
      resolve({ kind: 'reset', detail: error.code ?? error.message }),
    );
    asked.end();
  });
}
