import type { EventEmitter } from 'node:events';
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { ConnectionOptions } from 'node:tls';
import { processWide } from '../../core/process-wide.js';
import { LONGEST_ANSWER_BYTES } from '../../net/http-request.js';
import type { HttpModule } from '../../net/http-request.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';

/** Lanes have connections of their own, so that held polls can never starve a verb, nor looks at entries a watched config, nor anything a beat. */
export type ConnectionPool = keyof typeof poolSizes | 'call';

// An agent takes 200 connections from a host, shared by all of its processes. Beats have as many as the others: hundreds of Registrars that return
// to an agent together would wait for a single one for longer than a beat may take.
const poolSizes = { beat: 4, poll: 4, watch: 4 };

/** What a wire is opened with. A token travels with each request and is no part of it. */
export interface ConnectionPlan {
  readonly url: URL;
  /** Most connections of the lane `call`. */
  readonly pool: number;
  readonly connectMs: number;
  /** Undefined: plain HTTP. */
  readonly tls: ConnectionOptions | undefined;
}

/** The connections to one endpoint, and what speaks over them. */
export interface ConsulConnection {
  readonly client: Papi;
  readonly agents: Readonly<Record<ConnectionPool, Agent>>;
  /** For a beat, which goes out thousands of times and has to cost next to nothing. */
  readonly http: HttpModule;
  readonly beat: RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
  /** What is sent beside a token that no message may show. */
  readonly secrets: readonly string[];
  /** What stands before the path of every request. */
  readonly base: string;
  /** Has each connection closed as soon as it is idle. */
  readonly close: () => void;
}

export type PapiResponse = IncomingMessage & { readonly body?: Buffer };

/** The part of the npm client that its types do not show: any method and path with any body. */
interface Papi {
  _get(call: object): Promise<PapiResponse>;
  _put(call: object): Promise<PapiResponse>;
  _ext(
    event: 'onRequest',
    extension: (request: { transport: HttpModule; ctx?: EventEmitter }, next: () => void) => void,
  ): void;
}

interface SharedConnection {
  readonly connection: Promise<ConsulConnection>;
  users: number;
}

const sharedConnections = (): Map<string, SharedConnection> =>
  processWide('consul connections', () => new Map<string, SharedConnection>());

/** The wire of this plan; all registries of the process with the same endpoint and TLS share one. Give it back with `releaseWire`. */
export function acquireConnection(plan: ConnectionPlan): Promise<ConsulConnection> {
  const key = keyOf(plan);
  const entry = sharedConnections().get(key) ?? { connection: openAnew(key, plan), users: 0 };
  entry.users += 1;
  sharedConnections().set(key, entry);
  return entry.connection;
}

/** What could not be opened is opened anew for whoever asks next. */
async function openAnew(key: string, plan: ConnectionPlan): Promise<ConsulConnection> {
  try {
    return await openConnection(plan);
  } catch (thrown) {
    sharedConnections().delete(key);
    throw thrown;
  }
}

/** The last one has the connections closed, each when it is idle. Never throws. */
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
    // Never opened: whoever asked for it has been told.
    () => undefined,
  );
}

function keyOf({ url, pool, connectMs, tls }: ConnectionPlan): string {
  return JSON.stringify([url.href, pool, connectMs, tls]);
}

async function openConnection({ url, pool, connectMs, tls }: ConnectionPlan): Promise<ConsulConnection> {
  const secure = url.protocol === 'https:';
  const [{ default: Consul }, { createUnheldAgent, retire }, http] = await Promise.all([
    import('consul'),
    import('../../net/http-agent.js'),
    secure ? import('node:https') : import('node:http'),
  ]);
  const agents = {
    beat: createUnheldAgent(poolSizes.beat, { connectMs, tls }),
    call: createUnheldAgent(pool, { connectMs, tls }),
    poll: createUnheldAgent(poolSizes.poll, { connectMs, tls }),
    watch: createUnheldAgent(poolSizes.watch, { connectMs, tls }),
  };
  const base = `${url.pathname.replace(/\/$/, '')}/v1`;
  const access = credentials(url);
  const headers = { 'user-agent': 'rollcall', ...access };
  const secrets = [access.authorization?.replace('Basic ', ''), url.password, plain(url.password)].filter(
    (secret) => secret !== undefined && secret !== '',
  ) as string[];
  // Its types do not know these options; it does.
  const about: object = { baseUrl: `${url.origin}${base}`, agent: agents.call, headers };
  const client = new Consul(about) as unknown as Papi;
  let guarded: HttpModule | undefined;
  client._ext('onRequest', (request, next) => {
    guarded ??= guard(request.transport);
    request.transport = guarded;
    next();
  });
  const beat = { ...endpointOfUrl(url), agent: agents.beat, method: 'PUT' };
  const close = () => {
    for (const agent of Object.values(agents)) retire(agent);
  };
  return {
    client,
    agents,
    http,
    beat,
    headers: { ...headers, 'content-type': 'application/json' },
    secrets,
    base,
    close,
  };
}

/** What a proxy before the agent asks for. As a header, which both ways of sending take. */
function credentials({ username, password }: URL): { authorization?: string } {
  if (username === '' && password === '') return {};
  return { authorization: `Basic ${Buffer.from(`${plain(username)}:${plain(password)}`).toString('base64')}` };
}

/** Percent-decoded; what is no encoding stands for itself. */
function plain(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

/** The npm client waits for ever for the rest of an answer that broke off, for any amount of it, and does not know IPv6 literals. */
function guard(transport: HttpModule): HttpModule {
  return {
    request(options) {
      if (typeof options.hostname === 'string') options.hostname = bare(options.hostname);
      return transport.request(options).on('response', guardResponse);
    },
  };
}

/** Sockets want an IPv6 address without the brackets that URLs put around it. */
function bare(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function guardResponse(this: ClientRequest, response: IncomingMessage): void {
  let received = 0;
  response.on('error', (error) => this.emit('error', error));
  response.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > LONGEST_ANSWER_BYTES)
      response.destroy(new Error(`the answer is longer than ${String(LONGEST_ANSWER_BYTES)} bytes`));
  });
}
