import { EventEmitter } from 'node:events';
import type { RequestOptions } from 'node:http';
import { isError } from '../../core/errors.js';
import { Cancellation, sendOnce } from '../../net/http-request.js';
import type { Answer } from './consul-answer.js';
import { notLoaded, unreachable } from './consul-errors.js';
import type { ConsulTarget } from './consul-options.js';
import { ConsulCredentials } from './consul-credentials.js';
import { releaseConnection, acquireConnection } from './consul-connection.js';
import type { ConnectionPool, PapiResponse, ConsulConnection, ConnectionPlan } from './consul-connection.js';

/** One request of the agent's API. `path` is what follows `/v1`, already percent-encoded. */
export interface ConsulRequest {
  readonly operation: string;
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly pool: ConnectionPool;
  readonly body?: Buffer;
}

/** The npm client behind the three things it lacks: abort, bounded pools, and errors that keep the agent's words. */
export class ConsulClient {
  readonly credentials: ConsulCredentials;
  readonly #target: ConsulTarget;
  #taken: { readonly plan: ConnectionPlan; readonly opening: Promise<ConsulConnection> } | undefined;
  #connection: ConsulConnection | undefined;
  readonly #inFlight = new Set<Cancellation | ContextCancellation>();
  /** Aborts at `close()`: what is in flight then sends nothing more. */
  readonly #over = new AbortController();

  constructor(target: ConsulTarget) {
    this.#target = target;
    this.credentials = new ConsulCredentials(target);
  }

  /** The endpoint, safe to print. */
  get shown(): string {
    return this.#target.shown;
  }

  /**
   * Sends one request and resolves to the answer of any status. Rejects with the signal's reason, and with
   * `RegistryUnavailableError` when there was no whole answer.
   */
  async send(request: ConsulRequest, signal: AbortSignal): Promise<Answer> {
    this.#proceed(signal);
    if (this.#taken !== undefined && this.#taken.plan.tls !== this.credentials.tls) this.#letGo();
    const connection = this.#connection ?? (await this.#open(request));
    const token = await this.credentials.token(request.operation, signal);
    this.#proceed(signal);
    const cancellation = request.pool === 'beat' ? new Cancellation() : new ContextCancellation();
    this.#inFlight.add(cancellation);
    signal.addEventListener('abort', cancellation, { once: true });
    try {
      const answer =
        cancellation instanceof Cancellation
          ? await sendBeat(connection, request, token, cancellation)
          : await sendCall(connection, request, token, cancellation);
      return withoutSecrets(answer, token === undefined ? connection.secrets : [token, ...connection.secrets]);
    } catch (thrown) {
      signal.throwIfAborted();
      throw unreachable(thrown, request.operation, this.shown);
    } finally {
      signal.removeEventListener('abort', cancellation);
      this.#inFlight.delete(cancellation);
    }
  }

  /** Lets go of the connections; what is in flight rejects. */
  close(): void {
    this.#over.abort();
    for (const cancellation of this.#inFlight) cancellation.handleEvent();
    this.#letGo();
  }

  /** Between the steps of a verb: throws once the caller or a `close()` has cut it off. */
  #proceed(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#over.signal.throwIfAborted();
  }

  async #open({ operation }: ConsulRequest): Promise<ConsulConnection> {
    const taken = (this.#taken ??= this.#take());
    try {
      const connection = await taken.opening;
      if (this.#taken === taken) this.#connection = connection;
      return connection;
    } catch (thrown) {
      if (this.#taken === taken) this.#taken = undefined;
      throw notLoaded(thrown, operation);
    }
  }

  #take(): { readonly plan: ConnectionPlan; readonly opening: Promise<ConsulConnection> } {
    const { url, pool, timeouts } = this.#target;
    const plan = { url, pool, connectMs: timeouts.connectMs, tls: this.credentials.tls };
    return { plan, opening: acquireConnection(plan) };
  }

  /** What is in flight goes on to its end. */
  #letGo(): void {
    if (this.#taken !== undefined) releaseConnection(this.#taken.plan);
    this.#taken = undefined;
    this.#connection = undefined;
  }
}

/** Whatever stands before an agent may say in its answer what it was sent; words of an answer get into messages. */
function withoutSecrets(answer: Answer, secrets: readonly string[]): Answer {
  const found = answer.status < 400 ? [] : secrets.filter((secret) => answer.text.includes(secret));
  return found.length === 0
    ? answer
    : { ...answer, text: found.reduce((text, secret) => text.replaceAll(secret, '(hidden)'), answer.text) };
}

/** Straight over node's own client: the npm client's way costs as much again as the request itself. */
function sendBeat(
  connection: ConsulConnection,
  request: ConsulRequest,
  token: string | undefined,
  cancellation: Cancellation,
): Promise<Answer> {
  let beat = lastBeats.get(request);
  if (beat?.connection !== connection || beat.token !== token) {
    const headers = { ...connection.headers, ...tokenHeader(token), 'content-length': request.body?.length ?? 0 };
    beat = { connection, token, options: { ...connection.beat, path: connection.base + request.path, headers } };
    lastBeats.set(request, beat);
  }
  return sendOnce(connection.http, beat.options, request.body, cancellation);
}

/** A beat that says the same again is the same request again, and is put together once. */
const lastBeats = new WeakMap<
  ConsulRequest,
  { readonly connection: ConsulConnection; readonly token: string | undefined; readonly options: RequestOptions }
>();

function tokenHeader(token: string | undefined): { 'x-consul-token'?: string } {
  return token === undefined ? {} : { 'x-consul-token': token };
}

async function sendCall(
  connection: ConsulConnection,
  { method, path, pool, body }: ConsulRequest,
  token: string | undefined,
  ctx: ContextCancellation,
): Promise<Answer> {
  const call = {
    path,
    agent: connection.agents[pool],
    ctx,
    buffer: true,
    headers: tokenHeader(token),
    ...(body && { body, type: 'json' }),
  };
  try {
    return answerOf(await (method === 'PUT' ? connection.client._put(call) : connection.client._get(call)));
  } catch (thrown) {
    // To the npm client every status but 2xx is an error.
    if (isError(thrown) && 'response' in thrown) return answerOf(thrown.response as PapiResponse);
    throw thrown;
  }
}

function answerOf(response: PapiResponse): Answer {
  return { status: response.statusCode ?? 0, text: response.body?.toString() ?? '', headers: response.headers };
}

/** From an `AbortSignal`, whose listener it is, to what the npm client listens to. */
class ContextCancellation extends EventEmitter {
  handleEvent(): void {
    this.emit('cancel');
  }
}
