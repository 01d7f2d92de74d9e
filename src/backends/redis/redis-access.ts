import type { ConfigIssue } from '../../core/errors.js';
import { HIDDEN } from '../../core/secrets.js';
import { passwordOf } from '../../credentials/password.js';
import type { PasswordSource } from '../../credentials/password.js';
import { isLoopback } from '../../net/ip-address.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { resolveTlsOptions } from '../../net/tls-options.js';
import { readTls } from '../../net/tls.js';
import type { TlsSource } from '../../net/reloadable-tls.js';

/** User, password, database and TLS of a connection, as configured. */
export interface RedisAccess {
  readonly username: string | undefined;
  readonly password: PasswordSource;
  readonly database: number;
  /** Undefined: plain TCP. */
  readonly tls: TlsSource | undefined;
}

interface AccessOptions {
  readonly username?: unknown;
  readonly password?: unknown;
  readonly passwordFile?: unknown;
  readonly database?: unknown;
  readonly tls?: unknown;
}

/** What a URL says. */
export interface UrlAccess {
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number | undefined;
}

/** Resolves access to the server: options win over the URL. Adds problems to `issues`. */
export function accessOf(
  options: AccessOptions,
  fromUrl: UrlAccess | undefined,
  isSecure: boolean,
  issues: ConfigIssue[],
): RedisAccess {
  const { username = fromUrl?.username, database = fromUrl?.database ?? 0 } = options;
  const isGiven = options.password !== undefined || options.passwordFile !== undefined;
  const password = passwordOf(isGiven ? options : { password: fromUrl?.password }, issues);
  checkText('username', username, issues);
  if (!isDatabase(database))
    issues.push({ field: 'database', value: database, allowed: 'the number of a database, 0 or above' });
  const hint = "begin the URL with 'rediss://'";
  const plan = resolveTlsOptions(options.tls, { values: {}, names: {} }, isSecure, issues, hint);
  const read = plan && readTls(plan);
  issues.push(...(read?.issues ?? []).filter(({ pendingFile }) => pendingFile === undefined));
  return {
    username: username as string | undefined,
    password,
    database: Number(database),
    tls: plan && read && { plan, ...read },
  };
}

/** Resolves access to the Sentinels: theirs is another user, over the same TLS. Adds problems to `issues`. */
export function sentinelAccessOf(
  { sentinelUsername, sentinelPassword }: { readonly sentinelUsername?: unknown; readonly sentinelPassword?: unknown },
  { tls }: RedisAccess,
  issues: ConfigIssue[],
): RedisAccess {
  checkText('sentinelUsername', sentinelUsername, issues);
  return {
    username: sentinelUsername as string | undefined,
    password: passwordOf({ password: sentinelPassword }, issues, 'sentinelPassword'),
    database: 0,
    tls,
  };
}

/** Messages about risky but allowed settings. */
export function accessWarnings(
  shown: string,
  places: readonly RegistryEndpoint[],
  accesses: readonly RedisAccess[],
): string[] {
  const isExposed =
    accesses.some(({ password, tls }) => password.kind !== 'none' && tls === undefined) &&
    !places.every(({ host }) => isLoopback(host));
  const skipsVerify = accesses.some(({ tls }) => tls?.plan.insecureSkipVerify === true);
  const exposed =
    `the password of ${shown} goes over plain TCP to another host, so a host on the network path can read it: ` +
    "use a URL with 'rediss://', or set redis({ tls }) with sentinels";
  const unverified =
    `the certificate of ${shown} is not verified (tls.insecureSkipVerify), so a host on the network path can ` +
    'read the password and answer in its place: set tls.ca instead';
  return [...(isExposed ? [exposed] : []), ...(skipsVerify ? [unverified] : [])];
}

function checkText(field: string, value: unknown, issues: ConfigIssue[]): void {
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    issues.push({ field, value: HIDDEN, allowed: 'a non-empty text' });
}

function isDatabase(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}
