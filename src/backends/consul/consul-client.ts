import { EventEmitter } from 'node:events';
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { RegistryUnavailableError, StoppedError } from '../../errors.js';
import { abortable } from '../../resilience/deadline.js';
import type { Answer } from './consul-answer.js';
import { unreachable } from './consul-errors.js';
import { isToken } from './consul-options.js';
import type { ConsulTarget } from './consul-options.js';

/** One request of the agent's API. `path` is what follows `/v1`, already percent-encoded. */
export interface ConsulRequest {
  readonly operation: string;
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly lane: Lane;
  readonly body?: Buffer;
}

/** Lanes have connections of their own, so that held polls can never starve a verb, nor anything a beat. */
export type Lane = keyof typeof lanes;

// An agent takes 200 connections from a host, shared by all of its processes.
const lanes = { beat: 1, call: 4, poll: 4 };

/** Far above the largest catalogue, far below what would hurt the host. */
const LONGEST_ANSWER_BYTES = 32 * 1024 * 1024;

/** The npm client behind the three things it lacks: abort, bounded pools, and errors that keep the agent's words. */
export class ConsulClient {
  readonly #target: ConsulTarget;
  #opening: Promise<Wire> | undefined;
  #wire: Wire | undefined;
  readonly #inFlight = new Set<Cancellation>();
  #closed = false;

  constructor(target: ConsulTarget) {
    this.#target = target;
  }

  /** The endpoint, safe to print. */
  get shown(): string {
    return this.#target.shown;
  }

  /**
   * Sends one request and resolves to the answer of any status. Rejects with the signal's reason, with
   * `RegistryUnavailableError` when there was no whole answer, and with `StoppedError` after `close()`.
   */
  async send(request: ConsulRequest, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted();
    const wire = this.#wire ?? (await this.#open());
    const { token } = this.#target;
    const headers = typeof token === 'function' ? { 'x-consul-token': await this.#ask(token, request, signal) } : undefined;
    signal.throwIfAborted();
    this.#assertOpen(request);
    const ctx = new Cancellation();
    this.#inFlight.add(ctx);
    signal.addEventListener('abort', ctx, { once: true });
    const { path, body, lane } = request;
    try {
      const call = { path, agent: wire.agents[lane], ctx, buffer: true, ...(headers && { headers }), ...(body && { body, type: 'json' }) };
      return this.#answer(await (request.method === 'PUT' ? wire.client._put(call) : wire.client._get(call)));
    } catch (thrown) {
      signal.throwIfAborted();
      this.#assertOpen(request);
      const response = thrown instanceof Error && 'response' in thrown ? (thrown.response as PapiResponse | undefined) : undefined;
      if (response !== undefined) return this.#answer(response);
      throw unreachable(thrown, request.operation, this.shown);
    } finally {
      signal.removeEventListener('abort', ctx);
      this.#inFlight.delete(ctx);
    }
  }

  /** Closes every connection; what is in flight rejects. */
  close(): void {
    this.#closed = true;
    // An agent that is destroyed would go on with the requests that wait for a connection.
    for (const ctx of this.#inFlight) ctx.handleEvent();
    if (this.#wire === undefined) return;
    for (const agent of Object.values(this.#wire.agents)) agent.destroy();
  }

  #assertOpen({ operation }: ConsulRequest): void {
    if (this.#closed) throw new StoppedError(`The consul registry is closed: it cannot ${operation}`, { registry: 'consul', operation });
  }

  #open(): Promise<Wire> {
    this.#opening ??= openWire(this.#target).then((wire) => (this.#wire = wire));
    return this.#opening;
  }

  async #ask(token: () => string | Promise<string>, { operation }: ConsulRequest, signal: AbortSignal): Promise<string> {
    let value: unknown;
    try {
      value = await abortable(Promise.resolve(token()), signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new RegistryUnavailableError(`consul({ token }) threw when asked for the token to ${operation}`, { registry: 'consul', operation, cause });
    }
    if (!isToken(value)) throw new RegistryUnavailableError(`consul({ token }) gave no usable token to ${operation}`, { registry: 'consul', operation });
    return value;
  }

  #answer(response: PapiResponse): Answer {
    const text = response.body?.toString() ?? '';
    return { status: response.statusCode ?? 0, text, headers: response.headers };
  }
}

/** From an `AbortSignal`, whose listener it is, to what the npm client listens to. */
class Cancellation extends EventEmitter {
  handleEvent(): void {
    this.emit('cancel');
  }
}

type PapiResponse = IncomingMessage & { readonly body?: Buffer };

/** The part of the npm client that its types do not show: any method and path with any body. */
interface Papi {
  _get(call: object): Promise<PapiResponse>;
  _put(call: object): Promise<PapiResponse>;
  _ext(event: 'onRequest', extension: (request: { transport: Transport }, next: () => void) => void): void;
}

interface Transport {
  request(options: RequestOptions): ClientRequest;
}

interface Wire {
  readonly client: Papi;
  readonly agents: Readonly<Record<Lane, Agent>>;
}

async function openWire({ url, token }: ConsulTarget): Promise<Wire> {
  const [{ default: Consul }, { createUnheldAgent }] = await Promise.all([import('consul'), import('../../resilience/http-agent.js')]);
  const secure = url.protocol === 'https:';
  const agents = {
    beat: createUnheldAgent(secure, lanes.beat),
    call: createUnheldAgent(secure, lanes.call),
    poll: createUnheldAgent(secure, lanes.poll),
  };
  const options = {
    baseUrl: `${url.href.replace(/\/$/, '')}/v1`,
    agent: agents.call,
    headers: { 'user-agent': 'rollcall', ...(typeof token === 'string' && { 'x-consul-token': token }) },
  };
  const client = new Consul(options) as unknown as Papi;
  let guarded: Transport | undefined;
  client._ext('onRequest', (request, next) => {
    guarded ??= guard(request.transport);
    request.transport = guarded;
    next();
  });
  return { client, agents };
}

/** The npm client waits for ever for the rest of an answer that broke off, for any amount of it, and does not know IPv6 literals. */
function guard(transport: Transport): Transport {
  return {
    request(options) {
      const { hostname } = options;
      if (hostname?.startsWith('[')) options.hostname = hostname.slice(1, -1);
      return transport.request(options).on('response', guardResponse);
    },
  };
}

function guardResponse(this: ClientRequest, response: IncomingMessage): void {
  let received = 0;
  response.on('error', (error) => this.emit('error', error));
  response.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > LONGEST_ANSWER_BYTES) response.destroy(new Error(`the answer is longer than ${String(LONGEST_ANSWER_BYTES)} bytes`));
  });
}
