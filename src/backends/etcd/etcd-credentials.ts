import type { ConnectionOptions } from 'node:tls';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { assertNoneMissing } from '../../credentials/missing-files.js';
import { CurrentPassword } from '../../credentials/password.js';
import { ReloadableTls } from '../../net/reloadable-tls.js';
import type { EtcdTarget } from './etcd-options.js';

/** A user and the current password. */
export interface EtcdLogin {
  readonly name: string;
  readonly password: string;
}

/** The current password and TLS material. */
export class EtcdCredentials implements Credentials {
  readonly #user: EtcdTarget['user'];
  readonly #password: CurrentPassword;
  readonly #tls: ReloadableTls;

  constructor({ user, tls }: Pick<EtcdTarget, 'user' | 'tls'>) {
    this.#user = user;
    this.#password = new CurrentPassword(user?.password ?? { kind: 'none' });
    this.#tls = new ReloadableTls(tls);
  }

  /** A getter, so that printing the registry does not print a secret that was given as a path. */
  get files(): readonly string[] {
    return [...this.#password.files, ...this.#tls.files];
  }

  /** The files without which no request can be sent. */
  get missing(): readonly string[] {
    return [...this.#password.missing, ...this.#tls.missing];
  }

  /** Throws `RegistryUnavailableError` while a file is missing. */
  assertComplete(operation: string): void {
    assertNoneMissing(this.missing, 'etcd', operation);
  }

  /** Options for node:tls; undefined for plain HTTP. The object changes when the material does. */
  get tls(): ConnectionOptions | undefined {
    return this.#tls.settings;
  }

  /** The user to authenticate as; undefined without one. Calls a password function each time. */
  async login(operation: string, signal: AbortSignal): Promise<EtcdLogin | undefined> {
    if (this.#user === undefined) return undefined;
    const password = (await this.#password.read('etcd', operation, signal)) ?? '';
    return { name: this.#user.name, password };
  }

  reread(): CredentialsReading {
    const before = this.tls;
    const { changed, problems } = this.#password.reread();
    const tlsProblems = this.#tls.reread();
    return { changed: changed || before !== this.tls, problems: [...problems, ...tlsProblems] };
  }
}
