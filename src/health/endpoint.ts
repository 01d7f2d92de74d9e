import type { ServerHttp2Stream } from 'node:http2';
import { healthResponses } from './response.js';
import type { HealthResponse } from './response.js';

/** What the endpoint needs to know, asked anew at each request. */
export interface HealthFacts {
  /** The start gate has opened. */
  readonly ready: boolean;
  /** The instance is leaving. */
  readonly draining: boolean;
}

/** The part of a request (node:http, or node:http2's compatibility API) that the endpoint reads. */
export interface HealthRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

/** The part of a response that the endpoint writes. */
export interface HealthReply {
  writeHead(status: number, headers: Record<string, string | number>): unknown;
  end(body?: Buffer): unknown;
}

/**
 * Answers GET and HEAD (anything else: 405) on three paths: `<path>` and `<path>/ready` say 200 while the instance is ready
 * and not leaving, else 503; `<path>/live` always says 200. A query string and a slash at the end make no difference.
 */
export interface HealthEndpoint {
  /** The three paths, the general one first. */
  readonly paths: readonly string[];
  /** Whether a request for this URL (path and query) is the endpoint's. */
  handles(url: string): boolean;
  /** Writes the whole answer. Only for a request whose URL it handles. */
  answer(request: HealthRequest, reply: HealthReply): void;
  /** The same for a raw HTTP/2 stream. */
  answerStream(stream: ServerHttp2Stream, request: HealthRequest): void;
}

/** @param options.path where to answer; starts with a slash, and is not the root */
export function healthEndpoint(options: { path: string; facts: () => HealthFacts }): HealthEndpoint {
  const base = options.path.replace(/\/+$/, '');
  const live = `${base}/live`;
  const paths = [base, live, `${base}/ready`];

  const choose = ({ method, url = '' }: HealthRequest): HealthResponse => {
    if (method !== 'GET' && method !== 'HEAD') return healthResponses.methodNotAllowed;
    if (pathOf(url) === live) return healthResponses.pass;
    const { ready, draining } = options.facts();
    if (draining) return healthResponses.draining;
    return ready ? healthResponses.pass : healthResponses.notReady;
  };

  return {
    paths,
    handles: (url) => url.startsWith(base) && paths.includes(pathOf(url)),
    answer(request, reply) {
      const { status, headers, body } = choose(request);
      reply.writeHead(status, headers);
      if (request.method === 'HEAD') reply.end();
      else reply.end(body);
    },
    answerStream(stream, request) {
      if (stream.destroyed) return;
      const { status, headers, body } = choose(request);
      stream.respond({ ':status': status, ...headers });
      if (request.method === 'HEAD') stream.end();
      else stream.end(body);
    },
  };
}

/** The URL without its query and without a slash at the end. */
function pathOf(url: string): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
