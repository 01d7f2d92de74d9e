import type { ConnectionOptions } from 'node:tls';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { assertNoneMissing } from '../../credentials/missing-files.js';
import { CurrentPassword } from '../../credentials/password.js';
import { ReloadableTls } from '../../net/reloadable-tls.js';
import type { RedisAccess } from './redis-access.js';

/** What a new connection uses. */
export interface RedisLogin {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  /** Options for node:tls; undefined for plain TCP. */
  readonly tls: ConnectionOptions | undefined;
}

/**
 * The current passwords and TLS material. What changes is used for the next connection: Redis does not ask again on
 * one that is open.
 */
export class RedisCredentials implements Credentials {
  readonly #access: RedisAccess;
  readonly #password: CurrentPassword;
  readonly #tls: ReloadableTls;

  /** `access` is that of the server; the Sentinels share its TLS material. */
  constructor(access: RedisAccess) {
    this.#access = access;
    this.#password = new CurrentPassword(access.password);
    this.#tls = new ReloadableTls(access.tls);
  }

  /** A getter, so that printing the registry does not print a secret that was given as a path. */
  get files(): readonly string[] {
    return [...this.#password.files, ...this.#tls.files];
  }

  /** The files without which no connection can be opened. */
  get missing(): readonly string[] {
    return [...this.#password.missing, ...this.#tls.missing];
  }

  /** What to log in with. Calls a password function each time. Rejects while a file is missing. */
  async login(access: RedisAccess, signal: AbortSignal): Promise<RedisLogin> {
    const operation = 'login';
    assertNoneMissing(this.missing, 'redis', operation);
    const { username, password, database } = access;
    const source = access === this.#access ? this.#password : new CurrentPassword(password);
    return { username, password: await source.read('redis', operation, signal), database, tls: this.#tls.settings };
  }

  reread(): CredentialsReading {
    const before = this.#tls.settings;
    const { changed, problems } = this.#password.reread();
    const tlsProblems = this.#tls.reread();
    return { changed: changed || before !== this.#tls.settings, problems: [...problems, ...tlsProblems] };
  }
}
