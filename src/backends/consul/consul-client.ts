import { EventEmitter } from 'node:events';
import type { RequestOptions } from 'node:http';
import type { OpenConnection } from '../../contracts/departure.js';
import { hasCode } from '../../core/errors.js';
import { admitRequest } from '../../core/request-meter.js';
import { isTooLong } from '../../net/answer-cap.js';
import type { AnswerCap } from '../../net/answer-cap.js';
import { Cancellation, sendOnce, textOf } from '../../net/http-request.js';
import type { WholeAnswer } from './consul-answer.js';
import { overCap } from './consul-caps.js';
import type { ConsulCaps } from './consul-caps.js';
import { notLoaded, unreachable } from './consul-errors.js';
import type { ConsulTarget } from './consul-options.js';
import { ConsulCredentials } from './consul-credentials.js';
import { releaseConnection, acquireConnection } from './consul-connection.js';
import type { CallContext, ConnectionPool, ConsulConnection, ConnectionPlan } from './consul-connection.js';

/** One request to the agent's HTTP API. `path` is the part after `/v1`, already percent-encoded. */
export interface ConsulRequest {
  readonly operation: string;
  readonly method: 'GET' | 'PUT';
  readonly path: string;
  readonly pool: ConnectionPool;
  readonly body?: Buffer;
  /** The cap of the answer. @default 'look' */
  readonly cap?: keyof ConsulCaps;
}

/**
 * Wraps the npm client and adds what it lacks: abort, bounded connection pools, and errors with the agent's own
 * words.
 */
export class ConsulClient {
  readonly credentials: ConsulCredentials;
  readonly #target: ConsulTarget;
  #acquired: { readonly plan: ConnectionPlan; readonly opening: Promise<ConsulConnection> } | undefined;
  #connection: ConsulConnection | undefined;
  readonly #inFlight = new Set<Cancellation | ContextCancellation>();
  /** Aborts at `close()`, so that calls in flight send nothing more. */
  readonly #closeController = new AbortController();

  constructor(target: ConsulTarget) {
    this.#target = target;
    this.credentials = new ConsulCredentials(target);
  }

  /** The endpoint, safe to print. */
  get shown(): string {
    return this.#target.shown;
  }

  /**
   * Sends one request and resolves to the response, whatever its status. Rejects with the signal's reason on abort,
   * and with `RegistryUnavailableError` if no complete response arrives.
   */
  async send(request: ConsulRequest, signal: AbortSignal): Promise<WholeAnswer> {
    this.#assertActive(signal);
    this.credentials.assertComplete(request.operation);
    if (this.#acquired !== undefined && this.#acquired.plan.tls !== this.credentials.tls) this.#release();
    const connection = this.#connection ?? (await this.#open(request));
    const token = await this.credentials.token(request.operation, signal);
    await admitRequest(signal);
    this.#assertActive(signal);
    const cap = this.#target.caps[request.cap ?? 'look'];
    const cancellation = request.pool === 'beat' ? new Cancellation() : new ContextCancellation(cap);
    const size = connection.sizes[request.pool];
    this.#inFlight.add(cancellation);
    signal.addEventListener('abort', cancellation, { once: true });
    size?.sent(cancellation);
    try {
      const answer =
        cancellation instanceof Cancellation
          ? await sendBeat(connection, request, token, cancellation, cap)
          : await sendCall(connection, request, token, cancellation);
      size?.answered(cancellation);
      return answer;
    } catch (thrown) {
      // An agent answers each long poll in time, so its connection leads nowhere. So may the idle ones.
      if (request.pool === 'read' && hasCode(signal.reason, 'ROLLCALL_TIMEOUT')) connection.closeIdle();
      signal.throwIfAborted();
      if (isTooLong(thrown)) throw overCap(thrown, request.operation, this.shown);
      throw unreachable(thrown, request.operation, this.shown);
    } finally {
      signal.removeEventListener('abort', cancellation);
      this.#inFlight.delete(cancellation);
      size?.ended(cancellation);
    }
  }

  /**
   * The open connections, for the process's 'exit' event: never one of a long poll, whose answer may be long in coming.
   * Those with requests in flight come first, so that the next request is processed after them.
   */
  openConnections(): readonly OpenConnection[] {
    const { call, beat } = this.#connection?.openConnections() ?? { call: [], beat: [] };
    return [...call, ...beat].sort((one, other) => other.pending - one.pending);
  }

  /** A request as it is on the wire, with the latest token. */
  bytesOf({ method, path, body }: ConsulRequest): Buffer {
    const { base, headers, bytesOf } = this.#connection as ConsulConnection;
    const whole = { ...headers, ...tokenHeader(this.credentials.latestToken) };
    return bytesOf({ method, path: base + path, headers: whole, body });
  }

  /** Releases the connections. Requests in flight reject. */
  close(): void {
    this.#closeController.abort();
    for (const cancellation of this.#inFlight) cancellation.handleEvent();
    this.#release();
  }

  /** Called between the steps of a verb. Throws once the caller has aborted or the registry is closed. */
  #assertActive(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#closeController.signal.throwIfAborted();
  }

  async #open({ operation }: ConsulRequest): Promise<ConsulConnection> {
    const acquired = (this.#acquired ??= this.#acquire());
    try {
      const connection = await acquired.opening;
      if (this.#acquired === acquired) this.#connection = connection;
      return connection;
    } catch (thrown) {
      if (this.#acquired === acquired) this.#acquired = undefined;
      throw notLoaded(thrown, operation);
    }
  }

  #acquire(): { readonly plan: ConnectionPlan; readonly opening: Promise<ConsulConnection> } {
    const { url, socketPath, pool, timeouts } = this.#target;
    const plan = { url, socketPath, pool, connectMs: timeouts.connectMs, tls: this.credentials.tls };
    return { plan, opening: acquireConnection(plan) };
  }

  /** Gives the connection back. Requests in flight finish on it. */
  #release(): void {
    if (this.#acquired !== undefined) releaseConnection(this.#acquired.plan);
    this.#acquired = undefined;
    this.#connection = undefined;
  }
}

/** Sends a beat through Node's own client: the npm client would double the cost of the request. */
function sendBeat(
  connection: ConsulConnection,
  request: ConsulRequest,
  token: string | undefined,
  cancellation: Cancellation,
  cap: AnswerCap,
): Promise<WholeAnswer> {
  let beat = lastBeats.get(request);
  if (beat?.connection !== connection || beat.token !== token) {
    const headers = { ...connection.headers, ...tokenHeader(token), 'content-length': request.body?.length ?? 0 };
    beat = { connection, token, options: { ...connection.beat, path: connection.base + request.path, headers } };
    lastBeats.set(request, beat);
  }
  return sendOnce(connection.http, beat.options, request.body, cancellation, { cap });
}

/** The options of each beat request as last sent: an unchanged beat is assembled only once. */
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
): Promise<WholeAnswer> {
  const call = {
    path,
    agent: connection.agents[pool],
    ctx,
    buffer: true,
    headers: tokenHeader(token),
    ...(body && { body, type: 'json' }),
  };
  const { headers, body: bytes = Buffer.alloc(0) } = await (method === 'PUT'
    ? connection.client._put(call)
    : connection.client._get(call));
  return { status: ctx.status, headers, body: bytes, text: textOf(bytes) };
}

/** Forwards the abort of an `AbortSignal` to the npm client, which listens for the event `cancel`. */
class ContextCancellation extends EventEmitter implements CallContext {
  readonly cap: AnswerCap;
  status = 0;

  constructor(cap: AnswerCap) {
    super();
    this.cap = cap;
  }

  handleEvent(): void {
    this.emit('cancel');
  }
}
