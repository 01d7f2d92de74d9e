import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { asError } from '../../core/errors.js';

/** A request as the client sent it. */
export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer as the server gave it, with what was asked. */
export interface HttpExchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly request: HttpRequest;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the client gets instead. */
export interface HttpAnswer {
  /** @default the server's, or 200 when it was not asked */
  readonly status?: number;
  /** Replaces or adds; undefined takes one away. @default the server's */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** @default the server's */
  readonly body?: string;
  /** Writes to the client's connection itself, in place of all of the above: what is no HTTP, what never ends, or nothing. No other request is answered on it. */
  readonly raw?: ((connection: Socket) => void) | undefined;
}

/** Undefined: the answer goes through as it is. */
export type RewriteHook = (exchange: HttpExchange) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;
/** Undefined: the server is asked. */
export type InterceptHook = (request: HttpRequest) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer | string;
  readonly raw?: ((connection: Socket) => void) | undefined;
}

/** Belong to one hop, or are worked out anew. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** An HTTP server between the proxy and its target that can change answers. Answers are collected before they are passed on. */
export class HttpRewriter {
  intercept: InterceptHook | undefined;
  rewrite: RewriteHook | undefined;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #server: Server;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch(() => incoming.socket.resetAndDestroy());
    });
    // The client decides how long a connection or a request lives.
    Object.assign(this.#server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  }

  static start(target: { readonly host: string; readonly port: number }): Promise<HttpRewriter> {
    const rewriter = new HttpRewriter(target);
    return new Promise((resolve, reject) => {
      rewriter.#server.once('error', reject);
      rewriter.#server.listen(0, '127.0.0.1', () => resolve(rewriter));
    });
  }

  /** Where it listens. */
  get address(): { host: string; port: number } {
    return { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = await collect(incoming);
    const asked: HttpRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: bytes.toString(),
    };
    const reply = await this.#answer(asked, incoming.rawHeaders, bytes, response);
    if (reply.raw !== undefined) {
      // It may be gone by now.
      if (!incoming.socket.destroyed) reply.raw(incoming.socket);
      return;
    }
    response.statusCode = reply.status;
    for (const [name, value] of Object.entries(reply.headers)) {
      if (value !== undefined && !HOP_HEADERS.has(name)) response.setHeader(name, value);
    }
    // An answer to HEAD tells the length of a body that it does not have.
    const length = asked.method === 'HEAD' ? reply.headers['content-length'] : String(Buffer.byteLength(reply.body));
    if (length !== undefined && reply.status !== 204 && reply.status !== 304)
      response.setHeader('content-length', length);
    response.end(reply.body);
  }

  async #answer(
    asked: HttpRequest,
    rawHeaders: readonly string[],
    bytes: Buffer,
    response: ServerResponse,
  ): Promise<Reply> {
    const instead = await attempt(() => this.intercept?.(asked));
    if (instead !== undefined) return changed({ status: 200, headers: {}, body: '' }, instead);
    const reply = await this.#forward(asked, rawHeaders, bytes, response);
    const { status, headers } = reply;
    const { method, path } = asked;
    const answer = await attempt(() =>
      this.rewrite?.({ method, path, request: asked, status, headers, body: reply.body.toString() }),
    );
    return answer === undefined ? reply : changed(reply, answer);
  }

  #forward(
    asked: HttpRequest,
    rawHeaders: readonly string[],
    bytes: Buffer,
    response: ServerResponse,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
    return new Promise((resolve, reject) => {
      // A connection each: one that is kept could break with a restarted server and look like a fault of ours.
      const outgoing = request(
        { ...this.#target, method: asked.method, path: asked.path, headers: rawHeaders, agent: false },
        (incoming) => {
          collect(incoming).then(
            (body) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }),
            reject,
          );
        },
      );
      outgoing.once('error', reject);
      response.once('close', () => outgoing.destroy());
      outgoing.end(bytes);
    });
  }
}

function changed(reply: Reply, { status, headers, body, raw }: HttpAnswer): Reply {
  return { status: status ?? reply.status, headers: { ...reply.headers, ...headers }, body: body ?? reply.body, raw };
}

/** A hook that throws is a mistake in a test: the client is told, so that the test shows it. */
async function attempt(
  hook: () => HttpAnswer | undefined | Promise<HttpAnswer | undefined>,
): Promise<HttpAnswer | undefined> {
  try {
    return await hook();
  } catch (thrown) {
    return {
      status: 500,
      headers: { 'content-type': 'text/plain' },
      body: `fault proxy: a hook threw: ${asError(thrown).message}`,
    };
  }
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
