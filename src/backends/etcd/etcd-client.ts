import type { OpenConnection } from '../../contracts/departure.js';
import { RegistryUnavailableError, asError, hasCode } from '../../core/errors.js';
import { Cancellation, sendOnce } from '../../net/http-request.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';
import { asksForToken, isGood, needsNoToken } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';
import { notEtcd, refusal, unreachable } from './etcd-errors.js';
import type { EtcdTarget } from './etcd-options.js';
import { openConnection } from './etcd-connection.js';
import type { ConnectionPool, EtcdConnection } from './etcd-connection.js';

/** One request to the JSON gateway. `path` is the part after `/v3`. */
export interface EtcdRequest {
  readonly operation: string;
  readonly path: string;
  readonly pool: ConnectionPool;
  /** Several objects for a stream that takes several requests. */
  readonly body: object | readonly object[];
  /** Set for a stream: the number of lines to read from it. The last line is the answer. */
  readonly lines?: number;
}

/**
 * A client of the members of one cluster. Tries the next member when one does not answer, and authenticates where
 * etcd requires it.
 */
export class EtcdClient {
  readonly #target: EtcdTarget;
  readonly #inFlight = new Set<Cancellation>();
  #opening: Promise<EtcdConnection> | undefined;
  #connection: EtcdConnection | undefined;
  /** Index of the member to try first: the one that answered last. */
  #preferred = 0;
  /** Empty if etcd needs no token; undefined if that is not known yet. */
  #token: string | undefined;
  /** Aborts at `close()`, so that calls in flight send nothing more. */
  readonly #closeController = new AbortController();

  constructor(target: EtcdTarget) {
    this.#target = target;
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
    const knownBefore = this.#token !== undefined;
    const answer = await this.#request(request, await this.#tokenFor(request, signal), signal);
    if (!knownBefore || !asksForToken(answer)) return answer;
    // A token expires, and a restart or a change of permissions invalidates it. One retry with a new token is enough.
    this.#token = undefined;
    return this.#request(request, await this.#tokenFor(request, signal), signal);
  }

  /**
   * The open connections to the member that answered last, for the process's 'exit' event. Those with requests in
   * flight come first, so that the next request is processed after them.
   */
  openConnections(): readonly OpenConnection[] {
    const { host, port } = endpointOfUrl(this.#target.urls[this.#preferred] as URL);
    const connections = this.#connection?.openConnections(`${host}:${String(port)}:`) ?? [];
    return [...connections].sort((one, other) => other.pending - one.pending);
  }

  /** A request to that member as it is on the wire. */
  bytesOf(path: string, body: object): Buffer {
    const url = this.#target.urls[this.#preferred] as URL;
    const { bytesOf } = this.#connection as EtcdConnection;
    const { path: whole, headers } = headOf(url, path, this.#token ?? '');
    return bytesOf({ method: 'POST', path: whole, host: url.host, headers, body: Buffer.from(JSON.stringify(body)) });
  }

  /** Closes the connections. Requests in flight reject. */
  close(): void {
    this.#closeController.abort();
    for (const cancellation of this.#inFlight) cancellation.handleEvent();
    this.#opening?.then(
      ({ agents }) => {
        for (const agent of Object.values(agents)) agent.destroy();
      },
      // It never opened, and the requests that needed it have already rejected.
      () => undefined,
    );
  }

  async #tokenFor({ operation }: EtcdRequest, signal: AbortSignal): Promise<string> {
    const { user } = this.#target;
    if (user === undefined) return (this.#token = '');
    if (this.#token !== undefined) return this.#token;
    const answer = await this.#request({ operation, path: '/auth/authenticate', pool: 'call', body: user }, '', signal);
    if (needsNoToken(answer)) return (this.#token = '');
    if (!isGood(answer)) throw refusal(answer, operation, this.shown);
    const { token } = answer.body as { token?: unknown };
    if (typeof token !== 'string') throw notEtcd(operation, this.shown);
    return (this.#token = token);
  }

  /** Tries the members in turn, each at most once, until one gives an answer that no other could improve. */
  async #request(request: EtcdRequest, token: string, signal: AbortSignal): Promise<Answer> {
    const { urls } = this.#target;
    let failure: Error | undefined;
    for (let attempt = 1; ; attempt += 1) {
      const index = this.#preferred;
      const url = urls[index] as URL;
      try {
        const answer = await this.#sendTo(url, request, token, signal);
        // A member without a leader answers 5xx; another member may have one.
        if (answer.status < 500) return answer;
        this.#skip(index);
        if (attempt === urls.length) return answer;
      } catch (thrown) {
        // A long poll may time out on a member that is well.
        const isHung = hasCode(signal.reason, 'ROLLCALL_TIMEOUT') && request.pool !== 'poll';
        if (!signal.aborted || isHung) this.#skip(index);
        this.#assertActive(signal);
        // Of several failures, report the one that leaves open whether the request took effect.
        failure = failure === undefined || isNoConnection(failure) ? asError(thrown) : failure;
        if (attempt === urls.length) throw unreachable(failure, request.operation, this.shown);
      }
    }
  }

  async #sendTo(
    url: URL,
    { operation, path, pool, body, lines }: EtcdRequest,
    token: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    this.#assertActive(signal);
    const { http, agents } = await this.#open(operation);
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
      const isEnough = lines === undefined ? undefined : (soFar: string) => soFar.split('\n').length > lines;
      const { status, text } = await sendOnce(http, options, bytes, cancellation, isEnough);
      return { status, text, body: parseJson(lines === undefined ? text : lastLineOf(text)) };
    } finally {
      signal.removeEventListener('abort', cancellation);
      this.#inFlight.delete(cancellation);
    }
  }

  async #open(operation: string): Promise<EtcdConnection> {
    const opening = (this.#opening ??= openConnection(this.#target));
    try {
      return (this.#connection = await opening);
    } catch (cause) {
      if (this.#opening === opening) this.#opening = undefined;
      throw new RegistryUnavailableError(
        `The etcd client could not be loaded for ${operation} (${asError(cause).message}). ` +
          'Check how rollcall is installed or bundled',
        {
          registry: 'etcd',
          operation,
          cause,
        },
      );
    }
  }

  #skip(index: number): void {
    if (this.#preferred === index) this.#preferred = (index + 1) % this.#target.urls.length;
  }

  /** Called between the steps of a verb. Throws once the caller has aborted or the registry is closed. */
  #assertActive(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#closeController.signal.throwIfAborted();
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

function lastLineOf(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
