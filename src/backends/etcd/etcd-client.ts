import { RegistryUnavailableError, asError, hasCode } from '../../core/errors.js';
import { Cancellation, sendOnce } from '../../net/http-request.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';
import { asksForToken, isGood, needsNoToken } from './etcd-answer.js';
import type { Answer } from './etcd-answer.js';
import { notEtcd, refusal, unreachable } from './etcd-errors.js';
import type { EtcdTarget } from './etcd-options.js';
import { openConnection } from './etcd-connection.js';
import type { ConnectionPool, EtcdConnection } from './etcd-connection.js';

/** One request of the JSON gateway. `path` is what follows `/v3`. */
export interface EtcdRequest {
  readonly operation: string;
  readonly path: string;
  readonly pool: ConnectionPool;
  /** Several for a stream that is asked several things. */
  readonly body: object | readonly object[];
  /** The answer is a stream, of which so many lines are enough; the last of them is the answer. */
  readonly lines?: number;
}

/** The members of one cluster behind one verb: asks the next when one gives no answer, and shows who we are where that is asked for. */
export class EtcdClient {
  readonly #target: EtcdTarget;
  readonly #inFlight = new Set<Cancellation>();
  #opening: Promise<EtcdConnection> | undefined;
  /** Whose turn it is: the member that answered last. */
  #turn = 0;
  /** The empty one: none is needed. */
  #token: string | undefined;
  /** Aborts at `close()`: what is in flight then sends nothing more. */
  readonly #over = new AbortController();

  constructor(target: EtcdTarget) {
    this.#target = target;
  }

  /** The endpoints, safe to print. */
  get shown(): string {
    return this.#target.shown;
  }

  /**
   * Sends one request and resolves to the answer of any status. Rejects with the signal's reason, with `RegistryUnavailableError` when no
   * member gave a whole answer, and with `RegistryDeniedError` when we are not known there.
   */
  async send(request: EtcdRequest, signal: AbortSignal): Promise<Answer> {
    const knownBefore = this.#token !== undefined;
    const answer = await this.#ask(request, await this.#tokenFor(request, signal), signal);
    if (!knownBefore || !asksForToken(answer)) return answer;
    // A token is forgotten by a restart and runs out; rights may have changed since. Once, for a second time would change nothing.
    this.#token = undefined;
    return this.#ask(request, await this.#tokenFor(request, signal), signal);
  }

  /** Lets go of the connections; what is in flight rejects. */
  close(): void {
    this.#over.abort();
    for (const cancellation of this.#inFlight) cancellation.handleEvent();
    this.#opening?.then(
      ({ agents }) => {
        for (const agent of Object.values(agents)) agent.destroy();
      },
      // Never opened: whoever asked for it has been told.
      () => undefined,
    );
  }

  async #tokenFor({ operation }: EtcdRequest, signal: AbortSignal): Promise<string> {
    const { user } = this.#target;
    if (user === undefined) return (this.#token = '');
    if (this.#token !== undefined) return this.#token;
    const answer = await this.#ask({ operation, path: '/auth/authenticate', pool: 'call', body: user }, '', signal);
    if (needsNoToken(answer)) return (this.#token = '');
    if (!isGood(answer)) throw refusal(answer, operation, this.shown);
    const { token } = answer.body as { token?: unknown };
    if (typeof token !== 'string') throw notEtcd(operation, this.shown);
    return (this.#token = token);
  }

  /** Asks one member after another, each at most once, until one has an answer that another would not better. */
  async #ask(request: EtcdRequest, token: string, signal: AbortSignal): Promise<Answer> {
    const { urls } = this.#target;
    let failure: Error | undefined;
    for (let asked = 1; ; asked += 1) {
      const turn = this.#turn;
      const url = urls[turn] as URL;
      try {
        const answer = await this.#sendTo(url, request, token, signal);
        // One that has lost its leader says 5xx; another may have one.
        if (answer.status < 500) return answer;
        this.#passOver(turn);
        if (asked === urls.length) return answer;
      } catch (thrown) {
        // A held poll may well come to its end without an answer.
        const isHung = hasCode(signal.reason, 'ROLLCALL_TIMEOUT') && request.pool !== 'poll';
        if (!signal.aborted || isHung) this.#passOver(turn);
        this.#proceed(signal);
        // Of several failures the one that leaves open whether the request arrived says most.
        failure = failure === undefined || isNoConnection(failure) ? asError(thrown) : failure;
        if (asked === urls.length) throw unreachable(failure, request.operation, this.shown);
      }
    }
  }

  async #sendTo(
    url: URL,
    { operation, path, pool, body, lines }: EtcdRequest,
    token: string,
    signal: AbortSignal,
  ): Promise<Answer> {
    this.#proceed(signal);
    const { http, agents } = await this.#open(operation);
    this.#proceed(signal);
    const bytes = Buffer.from(
      [body]
        .flat()
        .map((each) => JSON.stringify(each))
        .join(''),
    );
    const headers = {
      'user-agent': 'rollcall',
      'content-type': 'application/json',
      'content-length': bytes.length,
      ...(token !== '' && { authorization: token }),
    };
    const options = {
      ...endpointOfUrl(url),
      agent: agents[pool],
      method: 'POST',
      path: `${url.pathname.replace(/\/$/, '')}/v3${path}`,
      headers,
    };
    const cancellation = new Cancellation();
    this.#inFlight.add(cancellation);
    signal.addEventListener('abort', cancellation, { once: true });
    try {
      const isEnough = lines === undefined ? undefined : (soFar: string) => soFar.split('\n').length > lines;
      const { status, text } = await sendOnce(http, options, bytes, cancellation, isEnough);
      return { status, text, body: parsed(lines === undefined ? text : lastLineOf(text)) };
    } finally {
      signal.removeEventListener('abort', cancellation);
      this.#inFlight.delete(cancellation);
    }
  }

  async #open(operation: string): Promise<EtcdConnection> {
    const opening = (this.#opening ??= openConnection(this.#target));
    try {
      return await opening;
    } catch (cause) {
      if (this.#opening === opening) this.#opening = undefined;
      throw new RegistryUnavailableError(`What speaks to etcd could not be loaded to ${operation}`, {
        registry: 'etcd',
        operation,
        cause,
      });
    }
  }

  #passOver(turn: number): void {
    if (this.#turn === turn) this.#turn = (turn + 1) % this.#target.urls.length;
  }

  /** Between the steps of a verb: throws once the caller or a `close()` has cut it off. */
  #proceed(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#over.signal.throwIfAborted();
  }
}

function isNoConnection(error: Error): boolean {
  return 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo');
}

function lastLineOf(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
