import { etcdVariables } from './etcd-env.js';
import type { EtcdEnv } from './etcd-env.js';
import type { ConfigIssue } from '../../core/errors.js';
import { isLoopback } from '../../net/ip-address.js';
import { readText } from '../../credentials/secret-file.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';

/** Returns the current password. */
export type PasswordFunction = () => string | Promise<string>;

/** Where the password comes from. */
export type PasswordSource =
  | { readonly kind: 'fixed'; readonly password: string }
  /** `password` is what the file contained at first. */
  | { readonly kind: 'file'; readonly path: string; readonly password: string }
  | { readonly kind: 'function'; readonly ask: PasswordFunction };

export interface EtcdUser {
  readonly name: string;
  readonly password: PasswordSource;
}

interface UserOptions {
  readonly username?: unknown;
  readonly password?: unknown;
  readonly passwordFile?: unknown;
  readonly allowPlainPassword?: unknown;
}

const PASSWORD_ALLOWED = 'the password of that user, or a function that returns it';

/**
 * Resolves the user from the options, else from the variables. Undefined if neither sets one. Adds problems to
 * `issues`.
 */
export function userOf(
  options: UserOptions,
  env: EtcdEnv,
  urls: readonly URL[],
  issues: ConfigIssue[],
): EtcdUser | undefined {
  const { allowPlainPassword, passwordFile } = options;
  if (allowPlainPassword !== undefined && typeof allowPlainPassword !== 'boolean')
    issues.push({ field: 'allowPlainPassword', value: allowPlainPassword, allowed: 'true or false' });
  const isFromOptions = [options.username, options.password, passwordFile].some((option) => option !== undefined);
  const { name, password, fields } = isFromOptions ? fromOptions(options) : fromEnv(env);
  if (name === undefined && password === undefined && passwordFile === undefined) return undefined;
  if (typeof name !== 'string' || name === '')
    issues.push({ field: fields.name, value: name, allowed: 'the name of an etcd user, together with its password' });
  const source = passwordFile === undefined ? sourceOf(password) : sourceOfFile(passwordFile, password, issues);
  if (source === undefined) issues.push({ field: fields.password, value: '(hidden)', allowed: PASSWORD_ALLOWED });
  const plainUrl = urls.find((url) => url.protocol === 'http:' && !isLoopback(endpointOfUrl(url).host));
  if (plainUrl !== undefined && allowPlainPassword !== true) {
    const allowed =
      `a password needs https endpoints or ones on this host, because ${plainUrl.host} would receive it unencrypted; ` +
      'on a trusted network, set `allowPlainPassword: true`';
    issues.push({ field: fields.password, value: '(hidden)', allowed });
  }
  return source && { name: String(name), password: source };
}

/** Reads a password from a file, without the line break at its end. */
export function readPasswordFile(path: string): { readonly password: string } | { readonly problem: string } {
  const read = readText(path);
  if ('problem' in read) return read;
  const password = read.text.replace(/\r?\n$/, '');
  return password === '' ? { problem: 'contains no password' } : { password };
}

function sourceOf(password: unknown): PasswordSource | undefined {
  if (typeof password === 'function') return { kind: 'function', ask: password as PasswordFunction };
  return typeof password === 'string' && password !== '' ? { kind: 'fixed', password } : undefined;
}

/** A source even after a problem, which is added to `issues`. */
function sourceOfFile(path: unknown, password: unknown, issues: ConfigIssue[]): PasswordSource {
  const none: PasswordSource = { kind: 'fixed', password: '' };
  if (password !== undefined)
    issues.push({ field: 'passwordFile', value: path, allowed: 'either `password` or `passwordFile`' });
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    issues.push({ field: 'passwordFile', value: path, allowed: 'the path of a file with the password' });
    return none;
  }
  const read = readPasswordFile(path);
  if ('password' in read) return { kind: 'file', path, password: read.password };
  issues.push({
    field: 'passwordFile',
    value: path,
    allowed: `the path of a file with the password; this one ${read.problem}`,
  });
  return none;
}

interface UnverifiedUser {
  readonly name: unknown;
  readonly password: unknown;
  readonly fields: { readonly name: string; readonly password: string };
}

function fromOptions({ username, password }: UserOptions): UnverifiedUser {
  return { name: username, password, fields: { name: 'username', password: 'password' } };
}

/** Like etcdctl, accepts the password after a colon in the user's variable. */
function fromEnv({ user, password }: EtcdEnv): UnverifiedUser {
  const fields = { name: etcdVariables.user.variable, password: etcdVariables.password.variable };
  const [name, ...rest] = password === undefined && user !== undefined ? user.split(':') : [user];
  return { name, password: password ?? (rest.length === 0 ? undefined : rest.join(':')), fields };
}
