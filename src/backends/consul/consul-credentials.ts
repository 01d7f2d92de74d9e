import type { ConnectionOptions } from 'node:tls';
import { RegistryUnavailableError } from '../../core/errors.js';
import { abortable } from '../../core/abort.js';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { readTls, tlsFiles, tlsSettings } from '../../net/tls.js';
import { isToken, readTokenFile } from '../../credentials/token.js';
import type { TokenFunction } from '../../credentials/token.js';
import type { ConsulTarget } from './consul-options.js';

/** The token and the TLS material of the moment. */
export class ConsulCredentials implements Credentials {
  readonly files: readonly string[];
  readonly #target: ConsulTarget;
  /** Of a function, what it gave last. */
  #token: string | undefined;
  #tls: ConnectionOptions | undefined;
  #generation = 0;

  constructor(target: ConsulTarget) {
    const { token, tls } = target;
    this.#target = target;
    this.files = [...(token.kind === 'file' ? [token.path] : []), ...(tls === undefined ? [] : tlsFiles(tls.plan))];
    if (token.kind === 'fixed' || token.kind === 'file') this.#token = token.token;
    this.#tls = tls && tlsSettings(tls.plan, tls.material);
  }

  /** Another number for another token. */
  get generation(): number {
    return this.#generation;
  }

  /** What node:tls is to connect with; another object for other material, undefined for plain HTTP. */
  get tls(): ConnectionOptions | undefined {
    return this.#tls;
  }

  /** The token to send, if any. A function is asked each time; rejects with `RegistryUnavailableError` when it gives none. */
  async token(operation: string, signal: AbortSignal): Promise<string | undefined> {
    const { token } = this.#target;
    if (token.kind === 'function') this.#take(await ask(token.ask, operation, signal));
    return this.#token;
  }

  reread(): CredentialsReading {
    const { token, tls } = this.#target;
    const before = [this.#generation, this.#tls];
    const problems: string[] = [];
    if (token.kind === 'file') {
      const read = readTokenFile(token.path);
      if ('problem' in read)
        problems.push(`the token file ${token.path} ${read.problem}: the token that was read before stays in use`);
      else this.#take(read.token);
    }
    if (tls !== undefined) {
      const { material, issues } = readTls(tls.plan);
      const settings = tlsSettings(tls.plan, material);
      problems.push(
        ...issues.map(({ field, allowed }) => `${field} has to be ${allowed}: what was read before stays in use`),
      );
      if (issues.length === 0 && JSON.stringify(settings) !== JSON.stringify(this.#tls)) this.#tls = settings;
    }
    return { changed: before[0] !== this.#generation || before[1] !== this.#tls, problems };
  }

  #take(token: string): void {
    if (token === this.#token) return;
    this.#token = token;
    this.#generation += 1;
  }
}

async function ask(token: TokenFunction, operation: string, signal: AbortSignal): Promise<string> {
  let value: unknown;
  try {
    value = await abortable(Promise.resolve(token()), signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new RegistryUnavailableError(`consul({ token }) threw when asked for the token to ${operation}`, {
      registry: 'consul',
      operation,
      cause,
    });
  }
  if (!isToken(value))
    throw new RegistryUnavailableError(`consul({ token }) gave no usable token to ${operation}`, {
      registry: 'consul',
      operation,
    });
  return value;
}
