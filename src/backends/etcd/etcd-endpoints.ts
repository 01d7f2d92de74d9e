import { etcdVariables } from './etcd-env.js';
import type { EtcdEnv } from './etcd-env.js';
import type { ConfigIssue } from '../../core/errors.js';
import { HIDDEN } from '../../core/secrets.js';
import { resolveTlsOptions } from '../../net/tls-options.js';
import type { TlsPlan } from '../../net/tls.js';

const DEFAULT_ENDPOINTS: readonly string[] = ['http://127.0.0.1:2379'];
const URL_ALLOWED = "an http or https URL without credentials and query, e.g. 'http://127.0.0.1:2379'";

/** Returns the members that the options or the environment name. Adds problems to `issues`. */
export function endpointsOf(endpoints: readonly string[] | undefined, env: EtcdEnv, issues: ConfigIssue[]): URL[] {
  const given: unknown = endpoints ?? env.endpoints?.split(',').map((text) => text.trim()) ?? DEFAULT_ENDPOINTS;
  if (!Array.isArray(given) || given.length === 0) {
    issues.push({
      field: 'endpoints',
      value: Array.isArray(given) ? 'none' : HIDDEN,
      allowed: 'an array of the URLs of members of one cluster',
    });
    return [];
  }
  const urls = given.flatMap((text: unknown, index) => {
    const url = typeof text === 'string' ? parseUrl(text) : undefined;
    if (url !== undefined) return [url];
    const field = endpoints !== undefined ? `endpoints[${String(index)}]` : etcdVariables.endpoints.variable;
    issues.push({ field, value: HIDDEN, allowed: URL_ALLOWED });
    return [];
  });
  if (new Set(urls.map(({ protocol }) => protocol)).size > 1)
    issues.push({
      field: 'endpoints',
      value: 'http and https',
      allowed: 'either https for all members or http for all',
    });
  return urls;
}

/**
 * Resolves how https members are trusted. Undefined for plain http, and after a problem, which is added to `issues`.
 */
export function securityOf(
  options: unknown,
  env: EtcdEnv,
  [url]: readonly URL[],
  issues: ConfigIssue[],
): TlsPlan | undefined {
  const { ca, cert, key } = etcdVariables;
  const values = { ca: env.ca, cert: env.cert, key: env.key };
  const names = { ca: ca.variable, cert: cert.variable, key: key.variable };
  return resolveTlsOptions(
    options,
    { values, names },
    url === undefined ? undefined : url.protocol === 'https:',
    issues,
  );
}

function parseUrl(text: string): URL | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  return isHttp && [url.username, url.password, url.search, url.hash].every((part) => part === '') ? url : undefined;
}
