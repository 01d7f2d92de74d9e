import { consulVariables } from './consul-env.js';
import type { ConsulEnv } from './consul-env.js';
import type { ConfigIssue } from '../../core/errors.js';
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
  if (source.kind !== 'none' && isExposed && allowPlainToken !== true) {
    issues.push({
      field,
      value: '(hidden)',
      allowed:
        `a token needs an https endpoint or one on this host, because ${endpoint.url.host} would receive it ` +
        'unencrypted; on a trusted network, as from a pod to the agent of its own Kubernetes node, set ' +
        '`allowPlainToken: true`',
    });
  }
  return source;
}

function sourceOf(
  { token, tokenFile }: TokenOptions,
  env: ConsulEnv,
  issues: ConfigIssue[],
): { readonly source: TokenSource; readonly field: string } {
  if (token !== undefined && tokenFile !== undefined)
    issues.push({ field: 'tokenFile', value: tokenFile, allowed: 'either `token` or `tokenFile`' });
  if (typeof token === 'function') return { source: { kind: 'function', ask: token as TokenFunction }, field: 'token' };
  if (token !== undefined) return fixed(token, 'token', issues);
  if (tokenFile !== undefined) return file(tokenFile, 'tokenFile', issues);
  if (env.tokenFile !== undefined) return file(env.tokenFile, consulVariables.tokenFile.variable, issues);
  if (env.token !== undefined) return fixed(env.token, consulVariables.token.variable, issues);
  return { source: { kind: 'none' }, field: 'token' };
}

function fixed(token: unknown, field: string, issues: ConfigIssue[]): { source: TokenSource; field: string } {
  if (isToken(token)) return { source: { kind: 'fixed', token }, field };
  issues.push({
    field,
    value: '(hidden)',
    allowed: field === 'token' ? `${TOKEN_ALLOWED}, or a function that returns one` : TOKEN_ALLOWED,
  });
  return { source: { kind: 'none' }, field };
}

function file(path: unknown, field: string, issues: ConfigIssue[]): { source: TokenSource; field: string } {
  const read =
    typeof path === 'string' && path !== '' && !path.includes('\0') ? readTokenFile(path) : { problem: 'is no path' };
  if (!('problem' in read) || 'isPending' in read)
    return { source: { kind: 'file', path: path as string, token: 'token' in read ? read.token : undefined }, field };
  issues.push({ field, value: path, allowed: `the path of a file with the token; this one ${read.problem}` });
  return { source: { kind: 'none' }, field };
}
