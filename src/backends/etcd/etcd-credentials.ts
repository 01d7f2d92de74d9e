import { etcdVariables } from './etcd-env.js';
import type { EtcdEnv } from './etcd-env.js';
import type { ConfigIssue } from '../../core/errors.js';
import { isLoopback } from '../../net/ip-address.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';

export interface EtcdUser {
  readonly name: string;
  readonly password: string;
}

interface CredentialOptions {
  readonly username?: unknown;
  readonly password?: unknown;
  readonly allowPlainPassword?: unknown;
}

/**
 * Resolves the user from the options, else from the variables. Undefined if neither sets one. Adds problems to
 * `issues`.
 */
export function credentialsOf(
  options: CredentialOptions,
  env: EtcdEnv,
  urls: readonly URL[],
  issues: ConfigIssue[],
): EtcdUser | undefined {
  const { allowPlainPassword } = options;
  if (allowPlainPassword !== undefined && typeof allowPlainPassword !== 'boolean')
    issues.push({ field: 'allowPlainPassword', value: allowPlainPassword, allowed: 'true or false' });
  const { name, password, fields } =
    options.username === undefined && options.password === undefined ? fromEnv(env) : fromOptions(options);
  if (name === undefined && password === undefined) return undefined;
  if (typeof name !== 'string' || name === '')
    issues.push({ field: fields.name, value: name, allowed: 'the name of an etcd user, together with its password' });
  if (typeof password !== 'string' || password === '')
    issues.push({ field: fields.password, value: '(hidden)', allowed: 'the password of that user' });
  const plainUrl = urls.find((url) => url.protocol === 'http:' && !isLoopback(endpointOfUrl(url).host));
  if (plainUrl !== undefined && allowPlainPassword !== true) {
    const allowed =
      `a password needs https endpoints or ones on this host, because ${plainUrl.host} would receive it unencrypted; ` +
      'on a trusted network, set `allowPlainPassword: true`';
    issues.push({ field: fields.password, value: '(hidden)', allowed });
  }
  return { name: String(name), password: String(password) };
}

interface UnverifiedUser {
  readonly name: unknown;
  readonly password: unknown;
  readonly fields: { readonly name: string; readonly password: string };
}

function fromOptions({ username, password }: CredentialOptions): UnverifiedUser {
  return { name: username, password, fields: { name: 'username', password: 'password' } };
}

/** Like etcdctl, accepts the password after a colon in the user's variable. */
function fromEnv({ user, password }: EtcdEnv): UnverifiedUser {
  const fields = { name: etcdVariables.user.variable, password: etcdVariables.password.variable };
  const [name, ...rest] = password === undefined && user !== undefined ? user.split(':') : [user];
  return { name, password: password ?? (rest.length === 0 ? undefined : rest.join(':')), fields };
}
