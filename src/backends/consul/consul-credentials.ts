import type { ConnectionOptions } from 'node:tls';
import { RegistryUnavailableError } from '../../core/errors.js';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { ReloadableTls } from '../../net/reloadable-tls.js';
import { callSecretFunction } from '../../credentials/secret-function.js';
import { TOKEN_ALLOWED, isToken, readTokenFile } from '../../credentials/token.js';
import type { TokenFunction } from '../../credentials/token.js';
import type { ConsulTarget } from './consul-options.js';

/** The current token and TLS material. */
export class ConsulCredentials implements Credentials {
  readonly files: readonly string[];
  readonly #target: ConsulTarget;
  /** The current token; for a token function, the one that it returned last. */
  #token: string | undefined;
  readonly #tls: ReloadableTls;
  #generation = 0;

  constructor(target: ConsulTarget) {
    const { token, tls } = target;
    this.#target = target;
    this.#tls = new ReloadableTls(tls);
    this.files = [...(token.kind === 'file' ? [token.path] : []), ...this.#tls.files];
    if (token.kind === 'fixed' || token.kind === 'file') this.#token = token.token;
  }

  /** The files without which no request can be sent. */
  get missing(): readonly string[] {
    const { token } = this.#target;
    const awaitsToken = token.kind === 'file' && this.#token === undefined;
    return [
      ...(awaitsToken ? [`the token file ${token.path} is not there yet, or empty`] : []),
      ...this.#tls.pending.map(({ field, pendingFile }) =>
        pendingFile === undefined ? `${field} is invalid` : `the TLS file ${pendingFile} is not there yet, or empty`,
      ),
    ];
  }

  /** Throws `RegistryUnavailableError` while a file is missing. */
  assertComplete(operation: string): void {
    const { missing } = this;
    if (missing.length === 0) return;
    throw new RegistryUnavailableError(
      `${missing.join('; ')}, so no ${operation} request was sent: write it, or correct the path`,
      { registry: 'consul', operation },
    );
  }

  /** Increases with each change of the token. */
  get generation(): number {
    return this.#generation;
  }

  /** Options for node:tls; undefined for plain HTTP. The object changes when the material does. */
  get tls(): ConnectionOptions | undefined {
    return this.#tls.settings;
  }

  /**
   * The token to send, if any. Calls a token function each time. Rejects with `RegistryUnavailableError` if that
   * fails.
   */
  async token(operation: string, signal: AbortSignal): Promise<string | undefined> {
    const { token } = this.#target;
    if (token.kind === 'function') this.#setToken(await requestToken(token.ask, operation, signal));
    return this.#token;
  }

  /** The token of the last request; no function is called. */
  get latestToken(): string | undefined {
    return this.#token;
  }

  reread(): CredentialsReading {
    const { token } = this.#target;
    const before = [this.#generation, this.tls];
    const problems: string[] = [];
    if (token.kind === 'file') {
      const read = readTokenFile(token.path);
      const meanwhile = this.#token === undefined ? 'there is none' : 'the previous token stays in use';
      if ('token' in read) this.#setToken(read.token);
      else if (this.#token !== undefined || read.isPending !== true)
        problems.push(`the token file ${token.path} ${read.problem}, so ${meanwhile}: write a valid one to it`);
    }
    problems.push(...this.#tls.reread());
    return { changed: before[0] !== this.#generation || before[1] !== this.tls, problems };
  }

  #setToken(token: string): void {
    if (token === this.#token) return;
    this.#token = token;
    this.#generation += 1;
  }
}

async function requestToken(token: TokenFunction, operation: string, signal: AbortSignal): Promise<string> {
  const answer = await callSecretFunction(token, signal);
  if ('thrown' in answer)
    throw new RegistryUnavailableError(
      `The function consul({ token }) threw (${answer.thrown}), ` +
        `so no ${operation} request was sent: make it return a token`,
      { registry: 'consul', operation, cause: answer.cause },
    );
  if (!isToken(answer.value))
    throw new RegistryUnavailableError(
      `The function consul({ token }) returned no usable token, so no ${operation} request was sent: ` +
        `make it return ${TOKEN_ALLOWED}`,
      { registry: 'consul', operation },
    );
  return answer.value;
}
