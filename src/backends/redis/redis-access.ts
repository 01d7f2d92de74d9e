import { readPasswordFile } from './redis-password.js';
import type { PasswordFunction, PasswordSource } from './redis-password.js';
import type { ConfigIssue } from '../../core/errors.js';
import { isLoopback } from '../../net/ip-address.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { resolveTlsOptions } from '../../net/tls-options.js';
import { readTls } from '../../net/tls.js';
import type { TlsMaterial, TlsPlan } from '../../net/tls.js';

/** User, password, database and TLS of a connection, as configured. */
export interface RedisAccess {
  readonly username: string | undefined;
  readonly password: PasswordSource;
  readonly database: number;
  /** Undefined: plain TCP. */
  readonly tls: { readonly plan: TlsPlan; readonly material: TlsMaterial } | undefined;
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
  issues.push(...(read?.issues ?? []));
  return {
    username: username as string | undefined,
    password,
    database: Number(database),
    tls: plan && read && { plan, material: read.material },
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
    password: fixedOrFunction('sentinelPassword', sentinelPassword, issues),
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

function passwordOf({ password, passwordFile }: AccessOptions, issues: ConfigIssue[]): PasswordSource {
  if (passwordFile === undefined) return fixedOrFunction('password', password, issues);
  if (password !== undefined)
    issues.push({ field: 'passwordFile', value: '(hidden)', allowed: 'either `password` or `passwordFile`' });
  const isPath = typeof passwordFile === 'string' && passwordFile !== '' && !passwordFile.includes('\0');
  const read = isPath ? readPasswordFile(passwordFile) : { problem: 'is no path' };
  if ('password' in read) return { kind: 'file', path: passwordFile as string, password: read.password };
  issues.push({
    field: 'passwordFile',
    value: '(hidden)',
    allowed: `the path of a file with the password; this one ${read.problem}`,
  });
  return { kind: 'none' };
}

function fixedOrFunction(field: string, value: unknown, issues: ConfigIssue[]): PasswordSource {
  if (value === undefined) return { kind: 'none' };
  if (typeof value === 'function') return { kind: 'function', ask: value as PasswordFunction, option: field };
  if (typeof value === 'string' && value !== '') return { kind: 'fixed', password: value };
  issues.push({ field, value: '(hidden)', allowed: 'a non-empty text, or a function that returns one' });
  return { kind: 'none' };
}

function checkText(field: string, value: unknown, issues: ConfigIssue[]): void {
  if (value !== undefined && (typeof value !== 'string' || value === ''))
    issues.push({ field, value: '(hidden)', allowed: 'a non-empty text' });
}

function isDatabase(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}
