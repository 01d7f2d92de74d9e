import type { ConnectionOptions } from 'node:tls';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { ReloadableTls } from '../../net/reloadable-tls.js';
import { assertNoneMissing, missingFile } from '../../credentials/missing-files.js';
import { callSecretFunction } from '../../credentials/secret-function.js';
import { shownPath } from '../../credentials/secret-file.js';
import { TOKEN_ALLOWED, isToken, readTokenFile } from '../../credentials/token.js';
import type { TokenFunction } from '../../credentials/token.js';
import type { ConsulTarget } from './consul-options.js';

/** The current token and TLS material. */
export class ConsulCredentials implements Credentials {
  readonly #target: ConsulTarget;
  /** The current token; for a token function, the one that it returned last. */
  #token: string | undefined;
  readonly #tls: ReloadableTls;
  #generation = 0;

  constructor(target: ConsulTarget) {
    const { token, tls } = target;
    this.#target = target;
    this.#tls = new ReloadableTls(tls);
    if (token.kind === 'fixed' || token.kind === 'file') this.#token = token.token;
  }

  /** A getter, so that printing the registry does not print a secret that was given as a path. */
  get files(): readonly string[] {
    const { token } = this.#target;
    return [...(token.kind === 'file' ? [token.path] : []), ...this.#tls.files];
  }

  /** The files without which no request can be sent. */
  get missing(): readonly string[] {
    const { token } = this.#target;
    const awaitsToken = token.kind === 'file' && this.#token === undefined;
    return [...(awaitsToken ? [missingFile('token', shownPath(token.path))] : []), ...this.#tls.missing];
  }

  /** Throws `RegistryUnavailableError` while a file is missing. */
  assertComplete(operation: string): void {
    assertNoneMissing(this.missing, 'consul', operation);
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
      if ('secret' in read) this.#setToken(read.secret);
      else if (this.#token !== undefined || read.isPending !== true)
        problems.push(
          `the token file ${shownPath(token.path)} ${read.problem}, so ${meanwhile}: write a valid one to it`,
        );
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

function requestToken(token: TokenFunction, operation: string, signal: AbortSignal): Promise<string> {
  const question = { registry: 'consul', operation, option: 'token', allowed: TOKEN_ALLOWED, isAllowed: isToken };
  return callSecretFunction(token, question, signal);
}
