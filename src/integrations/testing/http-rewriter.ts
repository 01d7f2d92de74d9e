import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { asError } from '../../core/errors.js';

/** A request as the client sent it. */
export interface HttpRequest {
  readonly method: string;
  /** Includes the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The server's answer, with the request. */
export interface HttpExchange {
  readonly method: string;
  /** Includes the query. */
  readonly path: string;
  readonly request: HttpRequest;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The answer for the client. */
export interface HttpAnswer {
  /** @default the server's, or 200 when the request was intercepted */
  readonly status?: number;
  /** Headers to replace, add or, if undefined, remove. @default the server's */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** @default the server's */
  readonly body?: string;
  /**
   * Writes directly to the client's connection, instead of all of the above, e.g. what is not HTTP, or an endless
   * answer. The connection serves no other request.
   */
  readonly raw?: ((connection: Socket) => void) | undefined;
}

/** Returns undefined to forward the answer unchanged. */
export type RewriteHook = (exchange: HttpExchange) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;
/** Returns undefined to forward the request to the server. */
export type InterceptHook = (request: HttpRequest) => HttpAnswer | undefined | Promise<HttpAnswer | undefined>;

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer | string;
  readonly raw?: ((connection: Socket) => void) | undefined;
}

/** Headers of a single hop, or that are computed again. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/**
 * An HTTP server between the proxy and its target that can change answers. Buffers every answer before it forwards it.
 */
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
    // Timeouts are up to the client.
    Object.assign(this.#server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
  }

  static start(target: { readonly host: string; readonly port: number }): Promise<HttpRewriter> {
    const rewriter = new HttpRewriter(target);
    return new Promise((resolve, reject) => {
      rewriter.#server.once('error', reject);
      rewriter.#server.listen(0, '127.0.0.1', () => resolve(rewriter));
    });
  }

  /** The address it listens on. */
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
    const clientRequest: HttpRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: bytes.toString(),
    };
    const reply = await this.#answer(clientRequest, incoming.rawHeaders, bytes, response);
    if (reply.raw !== undefined) {
      // The client may have disconnected.
      if (!incoming.socket.destroyed) reply.raw(incoming.socket);
      return;
    }
    response.statusCode = reply.status;
    for (const [name, value] of Object.entries(reply.headers)) {
      if (value !== undefined && !HOP_HEADERS.has(name)) response.setHeader(name, value);
    }
    // An answer to HEAD has the length of the body that GET would return.
    const length =
      clientRequest.method === 'HEAD' ? reply.headers['content-length'] : String(Buffer.byteLength(reply.body));
    if (length !== undefined && reply.status !== 204 && reply.status !== 304)
      response.setHeader('content-length', length);
    response.end(reply.body);
  }

  async #answer(
    clientRequest: HttpRequest,
    rawHeaders: readonly string[],
    bytes: Buffer,
    response: ServerResponse,
  ): Promise<Reply> {
    const intercepted = await runHook(() => this.intercept?.(clientRequest));
    if (intercepted !== undefined) return applyAnswer({ status: 200, headers: {}, body: '' }, intercepted);
    const reply = await this.#forward(clientRequest, rawHeaders, bytes, response);
    const { status, headers } = reply;
    const { method, path } = clientRequest;
    const answer = await runHook(() =>
      this.rewrite?.({ method, path, request: clientRequest, status, headers, body: reply.body.toString() }),
    );
    return answer === undefined ? reply : applyAnswer(reply, answer);
  }

  #forward(
    clientRequest: HttpRequest,
    rawHeaders: readonly string[],
    bytes: Buffer,
    response: ServerResponse,
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
    return new Promise((resolve, reject) => {
      // A new connection per request: a reused one could break when the server restarts, and look like a fault of the
      // proxy.
      const outgoing = request(
        { ...this.#target, method: clientRequest.method, path: clientRequest.path, headers: rawHeaders, agent: false },
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

function applyAnswer(reply: Reply, { status, headers, body, raw }: HttpAnswer): Reply {
  return { status: status ?? reply.status, headers: { ...reply.headers, ...headers }, body: body ?? reply.body, raw };
}

/** A hook that throws is a mistake in a test, which the answer makes visible. */
async function runHook(
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
