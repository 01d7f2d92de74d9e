import type { ConnectionOptions } from 'node:tls';
import { RegistryUnavailableError } from '../../core/errors.js';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { ReloadableTls } from '../../net/reloadable-tls.js';
import { callSecretFunction } from '../../credentials/secret-function.js';
import type { EtcdTarget } from './etcd-options.js';
import { readPasswordFile } from './etcd-user.js';
import type { PasswordFunction } from './etcd-user.js';

/** A user and the current password. */
export interface EtcdLogin {
  readonly name: string;
  readonly password: string;
}

/** The current password and TLS material. */
export class EtcdCredentials implements Credentials {
  readonly files: readonly string[];
  readonly #user: EtcdTarget['user'];
  /** The password of the last login; for a file, what it contained when it was last read. */
  #password: string | undefined;
  readonly #tls: ReloadableTls;

  constructor(target: Pick<EtcdTarget, 'user' | 'tls'>) {
    const { user, tls } = target;
    this.#user = user;
    this.#tls = new ReloadableTls(tls);
    this.files = [...(user?.password.kind === 'file' ? [user.password.path] : []), ...this.#tls.files];
    if (user !== undefined && user.password.kind !== 'function') this.#password = user.password.password;
  }

  /** Options for node:tls; undefined for plain HTTP. The object changes when the material does. */
  get tls(): ConnectionOptions | undefined {
    return this.#tls.settings;
  }

  /** The password in use, which no message may show. */
  get password(): string | undefined {
    return this.#password;
  }

  /** The user to authenticate as; undefined without one. Calls a password function each time. */
  async login(operation: string, signal: AbortSignal): Promise<EtcdLogin | undefined> {
    const user = this.#user;
    if (user === undefined) return undefined;
    if (user.password.kind === 'function') this.#password = await requestPassword(user.password.ask, operation, signal);
    return { name: user.name, password: this.#password ?? '' };
  }

  reread(): CredentialsReading {
    const user = this.#user;
    const before = [this.#password, this.tls];
    const problems: string[] = [];
    if (user?.password.kind === 'file') {
      const { path } = user.password;
      const read = readPasswordFile(path);
      if ('password' in read) this.#password = read.password;
      else
        problems.push(
          `the password file ${path} ${read.problem}, so the previous password stays in use: write a valid one to it`,
        );
    }
    problems.push(...this.#tls.reread());
    return { changed: before[0] !== this.#password || before[1] !== this.tls, problems };
  }
}

async function requestPassword(ask: PasswordFunction, operation: string, signal: AbortSignal): Promise<string> {
  const context = { registry: 'etcd', operation };
  const answer = await callSecretFunction(ask, signal);
  if ('thrown' in answer)
    throw new RegistryUnavailableError(
      `The function etcd({ password }) threw (${answer.thrown}), so no ${operation} request was sent: ` +
        'make it return a password',
      context,
    );
  const { value } = answer;
  if (typeof value === 'string' && value !== '') return value;
  throw new RegistryUnavailableError(
    `The function etcd({ password }) returned no password, so no ${operation} request was sent: ` +
      'make it return a text that is not empty',
    context,
  );
}
