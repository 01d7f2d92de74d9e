import { consulVariables } from './consul-env.js';
import type { ConsulEnv } from './consul-env.js';
import type { ConfigIssue } from '../../core/errors.js';
import { HIDDEN, rememberSecret } from '../../core/secrets.js';
import { isPath, shownPath } from '../../credentials/secret-file.js';
import { TOKEN_ALLOWED, isToken, readTokenFile } from '../../credentials/token.js';
import type { TokenFunction, TokenSource } from '../../credentials/token.js';
import { isLocalEndpoint } from './consul-endpoint.js';
import type { ConsulEndpoint } from './consul-endpoint.js';

interface TokenOptions {
  readonly token?: unknown;
  readonly tokenFile?: unknown;
  readonly allowPlainToken?: unknown;
}

/**
 * Resolves where the token comes from, in the order of Consul's own tools: an option, the file that the environment
 * names, the token in the environment. Adds problems to `issues`.
 */
export function tokenOf(
  options: TokenOptions,
  env: ConsulEnv,
  endpoint: ConsulEndpoint | undefined,
  issues: ConfigIssue[],
): TokenSource {
  const { source, field } = sourceOf(options, env, issues);
  const { allowPlainToken } = options;
  if (allowPlainToken !== undefined && typeof allowPlainToken !== 'boolean')
    issues.push({ field: 'allowPlainToken', value: allowPlainToken, allowed: 'true or false' });
  const isExposed = endpoint?.url.protocol === 'http:' && !isLocalEndpoint(endpoint);
  if (!isExposed || allowPlainToken === true) return source;
  const refuse = (what: string, at: string) =>
    issues.push({
      field: at,
      value: HIDDEN,
      allowed:
        `${what} needs an https endpoint or one on this host, because ${endpoint.url.host} would receive it ` +
        'unencrypted; on a trusted network, as from a pod to the agent of its own Kubernetes node, set ' +
        '`allowPlainToken: true`',
    });
  if (source.kind !== 'none') refuse('a token', field);
  if (endpoint.authFrom !== undefined) refuse('a user with a password', endpoint.authFrom);
  return source;
}

function sourceOf(
  { token, tokenFile }: TokenOptions,
  env: ConsulEnv,
  issues: ConfigIssue[],
): { readonly source: TokenSource; readonly field: string } {
  if (token !== undefined && tokenFile !== undefined)
    issues.push({ field: 'tokenFile', value: HIDDEN, allowed: 'either `token` or `tokenFile`' });
  if (typeof token === 'function') return { source: { kind: 'function', ask: token as TokenFunction }, field: 'token' };
  if (token !== undefined) return fixed(token, 'token', issues);
  if (tokenFile !== undefined) return file(tokenFile, 'tokenFile', issues);
  if (env.tokenFile !== undefined) return file(env.tokenFile, consulVariables.tokenFile.variable, issues);
  if (env.token !== undefined) return fixed(env.token, consulVariables.token.variable, issues);
  return { source: { kind: 'none' }, field: 'token' };
}

function fixed(token: unknown, field: string, issues: ConfigIssue[]): { source: TokenSource; field: string } {
  if (typeof token === 'string') rememberSecret(token);
  if (isToken(token)) return { source: { kind: 'fixed', token }, field };
  issues.push({
    field,
    value: HIDDEN,
    allowed: field === 'token' ? `${TOKEN_ALLOWED}, or a function that returns one` : TOKEN_ALLOWED,
  });
  return { source: { kind: 'none' }, field };
}

function file(path: unknown, field: string, issues: ConfigIssue[]): { source: TokenSource; field: string } {
  const read = isPath(path) ? readTokenFile(path) : { problem: 'is no path' };
  if (isPath(path) && (!('problem' in read) || 'isPending' in read))
    return { source: { kind: 'file', path, token: 'secret' in read ? read.secret : undefined }, field };
  const value = isPath(path) ? shownPath(path) : HIDDEN;
  const problem = 'problem' in read ? read.problem : '';
  issues.push({ field, value, allowed: `the path of a file with the token; this one ${problem}` });
  return { source: { kind: 'none' }, field };
}
