import type { ConnectionOptions } from 'node:tls';
import type { Credentials, CredentialsReading } from '../../contracts/credentials.js';
import { ReloadableTls } from '../../net/reloadable-tls.js';
import type { RedisAccess } from './redis-access.js';
import { readPasswordFile, requestPassword } from './redis-password.js';

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
  readonly files: readonly string[];
  readonly #access: RedisAccess;
  #filePassword: string | undefined;
  readonly #tls: ReloadableTls;

  /** `access` is that of the server; the Sentinels share its TLS material. */
  constructor(access: RedisAccess) {
    const { password, tls } = access;
    this.#access = access;
    this.#tls = new ReloadableTls(tls);
    this.files = [...(password.kind === 'file' ? [password.path] : []), ...this.#tls.files];
    this.#filePassword = password.kind === 'file' ? password.password : undefined;
  }

  /** What to log in with. Calls a password function each time. */
  async login({ username, password, database }: RedisAccess, signal: AbortSignal): Promise<RedisLogin> {
    const resolved =
      password.kind === 'none'
        ? undefined
        : password.kind === 'fixed'
          ? password.password
          : password.kind === 'file'
            ? this.#filePassword
            : await requestPassword(password, signal);
    return { username, password: resolved, database, tls: this.#tls.settings };
  }

  reread(): CredentialsReading {
    const { password } = this.#access;
    const before = [this.#filePassword, this.#tls.settings];
    const problems: string[] = [];
    if (password.kind === 'file') {
      const read = readPasswordFile(password.path);
      if ('password' in read) this.#filePassword = read.password;
      else
        problems.push(
          `the password file ${password.path} ${read.problem}, so the previous password stays in use: ` +
            'write a valid one to it',
        );
    }
    problems.push(...this.#tls.reread());
    return { changed: before[0] !== this.#filePassword || before[1] !== this.#tls.settings, problems };
  }
}
