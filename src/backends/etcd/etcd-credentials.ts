import type { ConnectionOptions } from 'node:tls';
import { abortable } from '../../core/abort.js';
import { RegistryUnavailableError, asError } from '../../core/errors.js';
import { printable } from '../../core/printable.js';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { readTls, tlsFiles, tlsSettings } from '../../net/tls.js';
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
  readonly #target: Pick<EtcdTarget, 'user' | 'tls'>;
  /** The password of the last login; for a file, what it contained when it was last read. */
  #password: string | undefined;
  #tls: ConnectionOptions | undefined;

  constructor(target: Pick<EtcdTarget, 'user' | 'tls'>) {
    const { user, tls } = target;
    this.#target = target;
    this.files = [
      ...(user?.password.kind === 'file' ? [user.password.path] : []),
      ...(tls === undefined ? [] : tlsFiles(tls.plan)),
    ];
    if (user !== undefined && user.password.kind !== 'function') this.#password = user.password.password;
    this.#tls = tls && tlsSettings(tls.plan, tls.material);
  }

  /** Options for node:tls; undefined for plain HTTP. The object changes when the material does. */
  get tls(): ConnectionOptions | undefined {
    return this.#tls;
  }

  /** The password in use, which no message may show. */
  get password(): string | undefined {
    return this.#password;
  }

  /** The user to authenticate as; undefined without one. Calls a password function each time. */
  async login(operation: string, signal: AbortSignal): Promise<EtcdLogin | undefined> {
    const { user } = this.#target;
    if (user === undefined) return undefined;
    if (user.password.kind === 'function') this.#password = await requestPassword(user.password.ask, operation, signal);
    return { name: user.name, password: this.#password ?? '' };
  }

  reread(): CredentialsReading {
    const { user, tls } = this.#target;
    const before = [this.#password, this.#tls];
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
    if (tls !== undefined) {
      const { material, issues } = readTls(tls.plan);
      const settings = tlsSettings(tls.plan, material);
      problems.push(
        ...issues.map(
          ({ field, allowed }) => `${field} has to be ${allowed}; until then the previous TLS material stays in use`,
        ),
      );
      if (issues.length === 0 && JSON.stringify(settings) !== JSON.stringify(this.#tls)) this.#tls = settings;
    }
    return { changed: before[0] !== this.#password || before[1] !== this.#tls, problems };
  }
}

async function requestPassword(ask: PasswordFunction, operation: string, signal: AbortSignal): Promise<string> {
  const context = { registry: 'etcd', operation };
  let value: unknown;
  try {
    value = await abortable(Promise.resolve(ask()), signal);
  } catch (cause) {
    signal.throwIfAborted();
    // Its message may contain the password, so only its class or code is shown.
    const error = asError(cause);
    const kind = printable('code' in error && typeof error.code === 'string' ? error.code : error.name);
    throw new RegistryUnavailableError(
      `The function etcd({ password }) threw (${kind}), so no ${operation} request was sent: make it return a password`,
      context,
    );
  }
  if (typeof value === 'string' && value !== '') return value;
  throw new RegistryUnavailableError(
    `The function etcd({ password }) returned no password, so no ${operation} request was sent: ` +
      'make it return a text that is not empty',
    context,
  );
}
