import type { EventEmitter } from 'node:events';
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import type { OpenConnection } from '../../contracts/departure.js';
import { processWide } from '../../core/process-wide.js';
import { AnswerTooLongError } from '../../net/answer-cap.js';
import type { AnswerCap } from '../../net/answer-cap.js';
import { watchForNoAnswer } from '../../net/http-request.js';
import type { HttpModule } from '../../net/http-request.js';
import { unbracketed } from '../../net/ip-address.js';
import type { PoolLimits, PoolSize } from '../../net/pool-size.js';
import type { PlainRequest } from '../../net/request-bytes.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';
import { basicAuthentication } from './consul-endpoint.js';

/**
 * Each kind of request has connections of its own. So long polls of entries never starve other calls, the watched
 * configuration or the readers of services, and nothing starves a beat.
 */
export type ConnectionPool = keyof typeof poolSizes | 'call';

// An agent accepts 200 connections from one host, which all processes there share. Beats get as many as the others:
// hundreds of Registrars that return to an agent together would queue on a single connection for longer than a beat
// may take. An agent that answers late gets more, since several beats of one Registrar are under way then.
const poolSizes = { beat: { few: 4, most: 12 }, poll: 4, watch: 4, read: 4 };

/** How many services can be read by a long poll each. */
export const MOST_READS = poolSizes.read;

/** What a connection is opened with. The token is not part of it, because each request carries its own. */
export interface ConnectionPlan {
  readonly url: URL;
  /** The Unix socket to connect to; undefined: the host of the URL. */
  readonly socketPath?: string | undefined;
  /** Of the pool `call`. */
  readonly pool: PoolLimits;
  readonly connectMs: number;
  /** Undefined: plain HTTP. */
  readonly tls: ConnectionOptions | undefined;
}

/** The connections to one endpoint, and the clients that use them. */
export interface ConsulConnection {
  readonly client: Papi;
  readonly agents: Readonly<Record<ConnectionPool, Agent>>;
  /** Of the pools without long polls. */
  readonly sizes: Readonly<Partial<Record<ConnectionPool, PoolSize>>>;
  /** Node's own client, for beats: they go out thousands of times and have to cost next to nothing. */
  readonly http: HttpModule;
  readonly beat: RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
  /** Prefix of the path of every request. */
  readonly base: string;
  /** Established connections of the pools without long polls. */
  readonly openConnections: () => Readonly<Record<'call' | 'beat', OpenConnection[]>>;
  /** A request to this endpoint as it is on the wire. */
  readonly bytesOf: (request: Omit<PlainRequest, 'host'>) => Buffer;
  /** Closes the idle connections: the network may have forgotten them, and a request on one would never be answered. */
  readonly closeIdle: () => void;
  /** Closes each connection as soon as it is idle. */
  readonly close: () => void;
}

type PapiResponse = IncomingMessage & { readonly body?: Buffer };

/** What the npm client knows of a call. Its event `cancel` ends the call. */
export interface CallContext extends EventEmitter {
  readonly cap: AnswerCap;
  /** The status of the answer. */
  status: number;
}

/** The part of the npm client that its types do not declare: any method and path with any body. */
interface Papi {
  _get(call: object): Promise<PapiResponse>;
  _put(call: object): Promise<PapiResponse>;
  _ext(
    event: 'onRequest',
    extension: (request: { transport: HttpModule; readonly ctx: CallContext }, next: () => void) => void,
  ): void;
}

interface SharedConnection {
  readonly connection: Promise<ConsulConnection>;
  users: number;
}

const sharedConnections = (): Map<string, SharedConnection> =>
  processWide('consul connections', () => new Map<string, SharedConnection>());

/**
 * Returns the connection for this plan. All registries of the process with the same endpoint and TLS material share
 * one. Give it back with `releaseConnection`.
 */
export function acquireConnection(plan: ConnectionPlan): Promise<ConsulConnection> {
  const key = keyOf(plan);
  const entry = sharedConnections().get(key) ?? { connection: openShared(key, plan), users: 0 };
  entry.users += 1;
  sharedConnections().set(key, entry);
  return entry.connection;
}

/** Opens a connection. One that fails is forgotten, so that the next caller opens a new one. */
async function openShared(key: string, plan: ConnectionPlan): Promise<ConsulConnection> {
  try {
    return await openConnection(plan);
  } catch (thrown) {
    sharedConnections().delete(key);
    throw thrown;
  }
}

/** Gives the connection back. The last user's call closes its sockets, each once it is idle. Never throws. */
export function releaseConnection(plan: ConnectionPlan): void {
  const key = keyOf(plan);
  const entry = sharedConnections().get(key);
  if (entry === undefined) return;
  entry.users -= 1;
  if (entry.users > 0) return;
  sharedConnections().delete(key);
  entry.connection.then(
    ({ close }) => {
      close();
    },
    // It never opened, and acquireConnection has already rejected for its callers.
    () => undefined,
  );
}

function keyOf({ url, socketPath, pool, connectMs, tls }: ConnectionPlan): string {
  return JSON.stringify([url.href, socketPath, pool, connectMs, tls]);
}

async function openConnection({ url, pool, ...how }: ConnectionPlan): Promise<ConsulConnection> {
  const secure = url.protocol === 'https:';
  const [
    { default: Consul },
    { closeIdle, createUnheldAgent, retire },
    { openConnections },
    { PoolSize },
    { requestBytes },
    http,
  ] = await Promise.all([
    import('consul'),
    import('../../net/http-agent.js'),
    import('../../net/open-connections.js'),
    import('../../net/pool-size.js'),
    import('../../net/request-bytes.js'),
    secure ? import('node:https') : import('node:http'),
  ]);
  const agents = {
    beat: createUnheldAgent(poolSizes.beat.few, how),
    call: createUnheldAgent(pool.few, how),
    poll: createUnheldAgent(poolSizes.poll, how),
    watch: createUnheldAgent(poolSizes.watch, how),
    read: createUnheldAgent(poolSizes.read, how),
  };
  const base = `${url.pathname.replace(/\/$/, '')}/v1`;
  // For a proxy in front of the agent. A header works for both HTTP clients.
  const authorization = basicAuthentication(url);
  const headers = { 'user-agent': 'rollcall', ...(authorization !== undefined && { authorization }) };
  // The npm client accepts these options, although its types do not declare them.
  const clientOptions: object = { baseUrl: `${url.origin}${base}`, agent: agents.call, headers };
  const client = new Consul(clientOptions) as unknown as Papi;
  client._ext('onRequest', (request, next) => {
    request.transport = guard(request.transport, request.ctx);
    next();
  });
  const beat = { ...endpointOfUrl(url), agent: agents.beat, method: 'PUT' };
  const close = () => {
    for (const agent of Object.values(agents)) retire(agent);
  };
  return {
    client,
    agents,
    sizes: { beat: new PoolSize(agents.beat, poolSizes.beat), call: new PoolSize(agents.call, pool) },
    http,
    beat,
    headers: { ...headers, 'content-type': 'application/json' },
    base,
    openConnections: () => ({ call: openConnections(agents.call), beat: openConnections(agents.beat) }),
    bytesOf: (request) => requestBytes({ ...request, host: url.host }),
    closeIdle: () => Object.values(agents).forEach(closeIdle),
    close,
  };
}

/**
 * Corrects five faults of the npm client: it waits forever for an answer that never comes and for the rest of one that
 * broke off, it accepts an answer of any length, it does not know IPv6 literals, and it makes an error of each status
 * other than 2xx, whose stack costs more than all else that is done with the answer. A 404 is an answer like any other.
 */
function guard(transport: HttpModule, ctx: CallContext): HttpModule {
  return {
    request(options) {
      if (typeof options.hostname === 'string') options.hostname = unbracketed(options.hostname);
      const request = transport.request(options);
      const fail = (error: Error) => request.emit('error', error);
      watchForNoAnswer(request, fail);
      let received = 0;
      return request.on('response', (response: IncomingMessage) => {
        ctx.status = response.statusCode ?? 0;
        response.statusCode = 200;
        response.on('error', fail);
        response.on('data', (chunk: Buffer) => {
          received += chunk.length;
          if (received <= ctx.cap.bytes) return;
          fail(new AnswerTooLongError(ctx.cap));
          request.destroy();
        });
      });
    },
  };
}
