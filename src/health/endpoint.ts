import type { Endpoint } from '../contracts/endpoint.js';
import { isConsulCheck, isLocalClient } from './health-client.js';
import type { HealthClient } from './health-client.js';
import type { Health } from '../contracts/health-report.js';
import type { HealthDetails } from '../contracts/policies.js';
import { NOT_READY, probedHealth } from './effective-report.js';
import type { ProbeFacts } from './effective-report.js';
import { healthResponses, servingResponses } from './health-responses.js';
import type { HealthResponse, ServingResponses } from './health-responses.js';

/** The part of a request (node:http, or node:http2's compatibility API) that the endpoint reads. */
export interface HealthRequest extends HealthClient {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

/** The part of a response that the endpoint writes. */
export interface HealthReply {
  writeHead(status: number, headers: string[]): unknown;
  end(body?: Buffer): unknown;
}

/**
 * Answers GET and HEAD on three paths; other methods are the host's. `<path>`: 503 before the start gate opens, while
 * critical, and once deregistering begins; else 200, or 429 for a warning when Consul's own check (user agent
 * `Consul Health Check`) asks. `<path>/ready`: the same, but 200 for a warning. `<path>/live`: always 200. A query
 * string and a trailing slash make no difference.
 */
export interface HealthEndpoint extends Endpoint {
  /** The three paths, the general one first. */
  readonly paths: readonly string[];
  /** Whether the URL is one of the three paths. */
  isHealthPath(url: string): boolean;
  /** Leaves a path to a host that has a route of its own there, and warns. */
  leaveToHost(path: string): void;
  /** Writes the whole answer: 405 for other methods. */
  answer(request: HealthRequest, reply: HealthReply): void;
}

export interface EndpointPlan {
  /** The base path; starts with a slash and is not the root. */
  readonly path: string;
  readonly details: HealthDetails;
  readonly facts: () => ProbeFacts;
  /** Told of what deserves attention. @default nothing is told */
  readonly onWarning?: (message: string) => void;
}

export function healthEndpoint({ path, details, facts, onWarning }: EndpointPlan): HealthEndpoint {
  const base = path.replace(/\/+$/, '');
  const live = `${base}/live`;
  const ready = `${base}/ready`;
  const paths = [base, live, ready];
  const left = new Set<string>();
  const pathIn = (url: string) => (paths.includes(url) ? url : pathOf(url));
  const isHealthPath = (url: string) => url.startsWith(base) && paths.includes(pathIn(url));
  let prepared: { readonly health: Health; readonly responses: ServingResponses } | undefined;

  /** Prepared again only when the health changed. */
  const responsesFor = (health: Health): ServingResponses => {
    if (prepared?.health !== health) prepared = { health, responses: servingResponses(health) };
    return prepared.responses;
  };

  const mayKnowDetails = (request: HealthRequest): boolean =>
    details === 'loopback' ? isLocalClient(request) : details;

  const choose = (request: HealthRequest): HealthResponse => {
    const { method, url = '' } = request;
    if (method !== 'GET' && method !== 'HEAD') return healthResponses.methodNotAllowed;
    const path = pathIn(url);
    if (path === live) return healthResponses.live;
    const health = probedHealth(facts());
    if (health === 'draining') return healthResponses.draining;
    if (health === NOT_READY) return healthResponses.notReady;
    const responses = responsesFor(health);
    if (path === ready) return responses.plain;
    // Reads the headers only where they matter, because that costs more than the answer.
    const detailed = health.components.length > 0 && mayKnowDetails(request);
    const toConsul = health.status === 'warning' && isConsulCheck(request);
    if (toConsul) return detailed ? responses.detailedToConsul : responses.plainToConsul;
    return detailed ? responses.detailed : responses.plain;
  };

  return {
    paths,
    isHealthPath,
    handles: (url, method) =>
      (method === 'GET' || method === 'HEAD') && isHealthPath(url) && !(left.size > 0 && left.has(pathIn(url))),
    leaveToHost(path) {
      left.add(path);
      onWarning?.(
        `the app has a route of its own for GET ${path}, so the app answers there and rollcall does not: ` +
          'set `health.path` to a free path, or `health.port` to a port of its own',
      );
    },
    answer(request, reply) {
      const { status, headers, body } = choose(request);
      reply.writeHead(status, headers);
      if (request.method === 'HEAD') reply.end();
      else reply.end(body);
    },
    answerStream(stream, request) {
      // Responding to a stream that the client closed would throw.
      if (stream.destroyed || stream.closed) return;
      const { status, headers, body } = choose({ ...request, socket: stream.session?.socket });
      stream.respond({ ':status': status, ...objectOf(headers) });
      if (request.method === 'HEAD') stream.end();
      else stream.end(body);
    },
  };
}

function objectOf(headers: readonly string[]): Record<string, string> {
  const object: Record<string, string> = {};
  for (let at = 0; at < headers.length; at += 2) object[headers[at] ?? ''] = headers[at + 1] ?? '';
  return object;
}

/** The URL without its query and trailing slash. */
function pathOf(url: string): string {
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
