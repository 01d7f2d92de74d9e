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

/** Who we are, from the options or else from the variables; undefined for nobody, or when something is wrong, which is added to `issues`. */
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
    issues.push({ field: fields.name, value: name, allowed: 'the name of a user of etcd, beside the password' });
  if (typeof password !== 'string' || password === '')
    issues.push({ field: fields.password, value: '(hidden)', allowed: 'the password of that user' });
  const open = urls.find((url) => url.protocol === 'http:' && !isLoopback(endpointOfUrl(url).host));
  if (open !== undefined && allowPlainPassword !== true) {
    const allowed = `only with https endpoints or ones on this host, for ${open.host} would get it in the clear; where the way there can be trusted, set \`allowPlainPassword: true\``;
    issues.push({ field: fields.password, value: '(hidden)', allowed });
  }
  return { name: String(name), password: String(password) };
}

interface Named {
  readonly name: unknown;
  readonly password: unknown;
  readonly fields: { readonly name: string; readonly password: string };
}

function fromOptions({ username, password }: CredentialOptions): Named {
  return { name: username, password, fields: { name: 'username', password: 'password' } };
}

/** As etcdctl has it: the password may stand behind a colon in the user's variable. */
function fromEnv({ user, password }: EtcdEnv): Named {
  const fields = { name: etcdVariables.user.variable, password: etcdVariables.password.variable };
  const [name, ...rest] = password === undefined && user !== undefined ? user.split(':') : [user];
  return { name, password: password ?? (rest.length === 0 ? undefined : rest.join(':')), fields };
}
