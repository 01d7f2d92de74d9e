import type { ConnectionOptions } from 'node:tls';
import type { OpenConnection } from '../../contracts/departure.js';
import { abortable } from '../../core/abort.js';
import { parseSlicedJson } from '../../core/sliced-json.js';
import { systemClock } from '../../core/clock.js';
import { withDeadline } from '../../core/deadline.js';
import { RegistryUnavailableError, asError, hasCode, isRegistrarError } from '../../core/errors.js';
import { admitRequest, meterOf, meterRequests } from '../../core/request-meter.js';
import { rememberSecret } from '../../core/secrets.js';
import { Cancellation, sendOnce } from '../../net/http-request.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';
import { isGood } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';
import { openConnection } from './etcd-connection.js';
import type { ConnectionPool, EtcdConnection } from './etcd-connection.js';
import { EtcdCredentials } from './etcd-credentials.js';
import { notEtcd, refusal, unreachable } from './etcd-errors.js';
import { EtcdMembers } from './etcd-members.js';
import { means } from './etcd-meanings.js';
import type { EtcdCaps, EtcdTarget } from './etcd-options.js';
import { JsonLines, parseJson } from './etcd-stream.js';

/** etcd hashes a password slowly on purpose. */
const LOGIN_WITHIN_MS = 5_000;

/** One request to the JSON gateway. `path` is the part after `/v3`. */
export interface EtcdRequest {
  readonly operation: string;
  readonly path: string;
  readonly pool: ConnectionPool;
  /** Several objects for a stream that takes several requests. */
  readonly body: object | readonly object[];
  /** Set for a stream of messages: true for the last one that is needed, which is the answer. */
  readonly isLast?: (message: unknown) => boolean;
  /** The cap of the answer, which of a list is not parsed. @default 'look' */
  readonly cap?: keyof EtcdCaps;
}

/**
 * A client of the members of one cluster. Tries the next member when one does not answer, and authenticates where
 * etcd requires it.
 */
export class EtcdClient {
  readonly #target: EtcdTarget;
  readonly #credentials: EtcdCredentials;
  readonly #inFlight = new Set<Cancellation>();
  #opened: { readonly tls: ConnectionOptions | undefined; readonly opening: Promise<EtcdConnection> } | undefined;
  /** The newest connection that has opened. */
  #connection: EtcdConnection | undefined;
  readonly #members: EtcdMembers;
  /** Empty if etcd needs no token; undefined if that is not known yet. */
  #token: string | undefined;
  #login: Promise<string> | undefined;
  /** Aborts at `close()`, so that calls in flight send nothing more. */
  readonly #closeController = new AbortController();

  constructor(target: EtcdTarget, credentials = new EtcdCredentials(target)) {
    this.#target = target;
    this.#members = new EtcdMembers(target.urls.length);
    this.#credentials = credentials;
  }

  /** The endpoints, safe to print. */
  get shown(): string {
    return this.#target.shown;
  }

  /**
   * Sends one request and resolves to the response, whatever its status. Rejects with the signal's reason on abort,
   * with `RegistryUnavailableError` if no member gives a complete response, and with `RegistryDeniedError` if etcd
   * refuses our credentials.
   */
  async send(request: EtcdRequest, signal: AbortSignal): Promise<Answer> {
    this.#credentials.assertComplete(request.operation);
    const knownBefore = this.#token !== undefined;
    const token = await this.#tokenFor(request, signal);
    const answer = await this.#request(request, token, signal);
    if (!knownBefore || !means(answer, 'no user', 'stale token', 'unknown token')) return answer;
    // A token expires, and a restart or a change of permissions invalidates it. One retry with a new token is enough.
    if (this.#token === token) this.#token = undefined;
    return this.#request(request, await this.#tokenFor(request, signal), signal);
  }

  /**
   * The open connections to the member that answered last, for the process's 'exit' event. Those with requests in
   * flight come first, so that the next request is processed after them.
   */
  openConnections(): readonly OpenConnection[] {
    const { host, port } = endpointOfUrl(this.#target.urls[this.#members.preferred] as URL);
    const connections = this.#connection?.openConnections(`${host}:${String(port)}:`) ?? [];
    return [...connections].sort((one, other) => other.pending - one.pending);
  }

  /** A request to that member as it is on the wire. */
  bytesOf(path: string, body: object): Buffer {
    const url = this.#target.urls[this.#members.preferred] as URL;
    const { bytesOf } = this.#connection as EtcdConnection;
    const { path: whole, headers } = headOf(url, path, this.#token ?? '');
    return bytesOf({ method: 'POST', path: whole, host: url.host, headers, body: Buffer.from(JSON.stringify(body)) });
  }

  /** Closes the connections. Requests in flight reject. */
  close(): void {
    this.#closeController.abort();
    for (const cancellation of this.#inFlight) cancellation.handleEvent();
    this.#opened?.opening.then(
      ({ agents }) => {
        for (const agent of Object.values(agents)) agent.destroy();
      },
      // It never opened, and the requests that needed it have already rejected.
      () => undefined,
    );
  }

  /**
   * The token to send; empty for none. A login outlives the request that needed it, since etcd may take longer over a
   * password than a heartbeat may take. All requests that need one share it.
   */
  async #tokenFor({ operation }: EtcdRequest, signal: AbortSignal): Promise<string> {
    if (this.#target.user === undefined) return '';
    if (this.#token !== undefined) return this.#token;
    if (this.#login === undefined) {
      const context = { registry: 'etcd', operation: 'login' };
      const login = withDeadline(systemClock, LOGIN_WITHIN_MS, context, this.#closeController.signal, (until) => {
        meterRequests(until, meterOf(signal));
        return this.#authenticate(operation, until);
      }).finally(() => (this.#login = undefined));
      // Its failure belongs to the requests that wait for it.
      login.catch(() => undefined);
      this.#login = login;
    }
    return abortable(this.#login, signal);
  }

  async #authenticate(operation: string, signal: AbortSignal): Promise<string> {
    const body = (await this.#credentials.login(operation, signal)) ?? {};
    const answer = await this.#request({ operation, path: '/auth/authenticate', pool: 'call', body }, '', signal);
    if (means(answer, 'no authentication')) return (this.#token = '');
    if (!isGood(answer)) throw refusal(answer, operation, this.shown);
    const { token } = answer.body as { token?: unknown };
    if (!isToken(token)) throw notEtcd(operation, this.shown);
    rememberSecret(token, 'changing');
    return (this.#token = token);
  }

  /** Tries the members in turn, each at most once, until one gives an answer that no other could improve. */
  async #request(request: EtcdRequest, token: string, signal: AbortSignal): Promise<Answer> {
    const { urls } = this.#target;
    let failure: Error | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const index = this.#members.choose(request.pool, signal);
      const url = urls[index] as URL;
      try {
        const answer = await this.#members.track(request.pool, index, signal, () =>
          this.#sendTo(url, request, token, signal),
        );
        // A member without a leader answers 5xx, a learner from 3.6 on 400; another member may do better.
        if (answer.status < 500 && !means(answer, 'learner')) return answer;
        this.#members.skip(index);
        if (attempt === urls.length) return answer;
      } catch (thrown) {
        // A long poll may time out on a member that is well.
        const isHung = hasCode(signal.reason, 'ROLLCALL_TIMEOUT') && request.pool !== 'poll';
        if (!signal.aborted || isHung) this.#members.skip(index);
        this.#assertActive(signal);
        // Of several failures, report the one that leaves open whether the request took effect.
        if (isRegistrarError(thrown)) throw thrown;
        failure = failure === undefined || isNoConnection(failure) ? asError(thrown) : failure;
        if (attempt === urls.length) throw unreachable(failure, request.operation, this.shown);
      }
    }
  }

  async #sendTo(
    url: URL,
    { operation, path, pool, body, isLast, cap = 'look' }: EtcdRequest,
    token: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    this.#assertActive(signal);
    const { http, agents } = await this.#open(operation);
    await admitRequest(signal);
    this.#assertActive(signal);
    const bytes = Buffer.from(
      [body]
        .flat()
        .map((each) => JSON.stringify(each))
        .join(''),
    );
    const { path: whole, headers } = headOf(url, path, token);
    const options = {
      ...endpointOfUrl(url),
      agent: agents[pool],
      method: 'POST',
      path: whole,
      headers: { ...headers, 'content-length': bytes.length },
    };
    const cancellation = new Cancellation();
    this.#inFlight.add(cancellation);
    signal.addEventListener('abort', cancellation, { once: true });
    try {
      const lines = isLast && new JsonLines(isLast);
      const limit = { cap: this.#target.caps[cap], isEnough: lines && ((chunk: Buffer) => lines.push(chunk)) };
      const answer = await sendOnce(http, options, bytes, cancellation, limit);
      const { status } = answer;
      if (status === 200 && lines !== undefined) return { status, text: answer.text, body: lines.latest };
      if (status === 200 && cap === 'list') return { status, text: answer.text, body: undefined, list: answer.body };
      if (status === 200) return { status, text: answer.text, body: await bodyOf(answer.body, signal) };
      return { status, text: answer.text, body: parseJson(answer.text) };
    } finally {
      signal.removeEventListener('abort', cancellation);
      this.#inFlight.delete(cancellation);
    }
  }

  /** The connection under the current TLS material. Requests in flight finish on a former one. */
  async #open(operation: string): Promise<EtcdConnection> {
    const { tls } = this.#credentials;
    if (this.#opened !== undefined && this.#opened.tls !== tls) {
      this.#opened.opening.then(
        ({ retire }) => retire(),
        // It never opened.
        () => undefined,
      );
      this.#opened = undefined;
    }
    const opened = (this.#opened ??= { tls, opening: openConnection(tls) });
    try {
      const connection = await opened.opening;
      if (this.#opened === opened) this.#connection = connection;
      return connection;
    } catch (cause) {
      if (this.#opened === opened) this.#opened = undefined;
      throw new RegistryUnavailableError(
        `The etcd client could not be loaded for ${operation} (${asError(cause).message}). ` +
          'Check how rollcall is installed or bundled',
        { registry: 'etcd', operation, cause },
      );
    }
  }

  /** Called between the steps of a verb. Throws once the caller has aborted or the registry is closed. */
  #assertActive(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#closeController.signal.throwIfAborted();
  }
}

/** Undefined if it is not JSON. */
async function bodyOf(bytes: Buffer, signal: AbortSignal): Promise<unknown> {
  try {
    return await parseSlicedJson(bytes, signal);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function headOf(url: URL, path: string, token: string): { path: string; headers: Record<string, string> } {
  const headers = { 'user-agent': 'rollcall', 'content-type': 'application/json' };
  return {
    path: `${url.pathname.replace(/\/$/, '')}/v3${path}`,
    headers: { ...headers, ...(token !== '' && { authorization: token }) },
  };
}

function isNoConnection(error: Error): boolean {
  return 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo');
}

/** True for a text that can be sent in a header. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TOKEN && /^[\x20-\x7e]+$/.test(value);
}

const LONGEST_TOKEN = 16 * 1024;
