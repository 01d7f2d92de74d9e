import { etcdVariables } from './etcd-env.js';
import type { EtcdEnv } from './etcd-env.js';
import type { ConfigIssue } from '../../core/errors.js';
import { HIDDEN } from '../../core/secrets.js';
import { passwordOf } from '../../credentials/password.js';
import type { PasswordSource } from '../../credentials/password.js';
import { isLoopback } from '../../net/ip-address.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';

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
    issues.push({ field: fields.name, value: HIDDEN, allowed: 'the name of an etcd user, together with its password' });
  const known = issues.length;
  const source = passwordOf({ password, passwordFile }, issues, fields.password);
  if (source.kind === 'none' && issues.length === known)
    issues.push({
      field: fields.password,
      value: HIDDEN,
      allowed: 'the password of that user, or a function that returns it',
    });
  const plainUrl = urls.find((url) => url.protocol === 'http:' && !isLoopback(endpointOfUrl(url).host));
  if (plainUrl !== undefined && allowPlainPassword !== true) {
    const allowed =
      `a password needs https endpoints or ones on this host, because ${plainUrl.host} would receive it unencrypted; ` +
      'on a trusted network, set `allowPlainPassword: true`';
    issues.push({ field: fields.password, value: HIDDEN, allowed });
  }
  return { name: String(name), password: source };
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
