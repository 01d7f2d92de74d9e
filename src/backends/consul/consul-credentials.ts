import type { ConnectionOptions } from 'node:tls';
import { RegistryUnavailableError, asError } from '../../core/errors.js';
import { printable } from '../../core/printable.js';
import { abortable } from '../../core/abort.js';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { readTls, tlsFiles, tlsSettings } from '../../net/tls.js';
import { TOKEN_ALLOWED, isToken, readTokenFile } from '../../credentials/token.js';
import type { TokenFunction } from '../../credentials/token.js';
import type { TlsIssue } from '../../net/tls.js';
import type { ConsulTarget } from './consul-options.js';

/** The current token and TLS material. */
export class ConsulCredentials implements Credentials {
  readonly files: readonly string[];
  readonly #target: ConsulTarget;
  /** The current token; for a token function, the one that it returned last. */
  #token: string | undefined;
  #tls: ConnectionOptions | undefined;
  /** The issues of TLS files that were not there at first; none once all of them are valid. */
  #pendingTls: readonly TlsIssue[];
  #generation = 0;

  constructor(target: ConsulTarget) {
    const { token, tls } = target;
    this.#target = target;
    this.files = [...(token.kind === 'file' ? [token.path] : []), ...(tls === undefined ? [] : tlsFiles(tls.plan))];
    if (token.kind === 'fixed' || token.kind === 'file') this.#token = token.token;
    this.#tls = tls && tlsSettings(tls.plan, tls.material);
    this.#pendingTls = tls?.issues ?? [];
  }

  /** The files without which no request can be sent. */
  get missing(): readonly string[] {
    const { token } = this.#target;
    const awaitsToken = token.kind === 'file' && this.#token === undefined;
    return [
      ...(awaitsToken ? [`the token file ${token.path} is not there yet, or empty`] : []),
      ...this.#pendingTls.map(({ field, pendingFile }) =>
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
    return this.#tls;
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
    const { token, tls } = this.#target;
    const before = [this.#generation, this.#tls];
    const problems: string[] = [];
    if (token.kind === 'file') {
      const read = readTokenFile(token.path);
      const meanwhile = this.#token === undefined ? 'there is none' : 'the previous token stays in use';
      if ('token' in read) this.#setToken(read.token);
      else if (this.#token !== undefined || read.isPending !== true)
        problems.push(`the token file ${token.path} ${read.problem}, so ${meanwhile}: write a valid one to it`);
    }
    if (tls !== undefined) {
      const { material, issues } = readTls(tls.plan);
      const settings = tlsSettings(tls.plan, material);
      const isAwaited = this.#pendingTls.length > 0;
      const reported = isAwaited ? issues.filter(({ pendingFile }) => pendingFile === undefined) : issues;
      const meanwhile = isAwaited ? 'there is no connection' : 'the previous TLS material stays in use';
      problems.push(...reported.map(({ field, allowed }) => `${field} has to be ${allowed}; until then ${meanwhile}`));
      if (isAwaited) this.#pendingTls = issues;
      if (issues.length === 0 && (isAwaited || JSON.stringify(settings) !== JSON.stringify(this.#tls)))
        this.#tls = settings;
    }
    return { changed: before[0] !== this.#generation || before[1] !== this.#tls, problems };
  }

  #setToken(token: string): void {
    if (token === this.#token) return;
    this.#token = token;
    this.#generation += 1;
  }
}

async function requestToken(token: TokenFunction, operation: string, signal: AbortSignal): Promise<string> {
  let value: unknown;
  try {
    value = await abortable(Promise.resolve(token()), signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new RegistryUnavailableError(
      `The function consul({ token }) threw (${kindOf(cause)}), ` +
        `so no ${operation} request was sent: make it return a token`,
      { registry: 'consul', operation, cause },
    );
  }
  if (!isToken(value))
    throw new RegistryUnavailableError(
      `The function consul({ token }) returned no usable token, so no ${operation} request was sent: ` +
        `make it return ${TOKEN_ALLOWED}`,
      { registry: 'consul', operation },
    );
  return value;
}

/** The code or class of an error of the user's own: its message may contain the token. */
function kindOf(thrown: unknown): string {
  const error = asError(thrown);
  return 'code' in error && typeof error.code === 'string' ? printable(error.code) : printable(error.name);
}
