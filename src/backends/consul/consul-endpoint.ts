import type { ConsulEnv } from './consul-env.js';
import type { ConfigIssue } from '../../core/errors.js';

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8500';
const URL_ALLOWED = "an http or https URL without query, e.g. 'http://127.0.0.1:8500'";

/**
 * Returns the endpoint that the options or the environment name. Undefined if it cannot be used; then the problem is
 * added to `issues`.
 */
export function endpointOf(
  endpoints: readonly string[] | undefined,
  env: ConsulEnv,
  issues: ConfigIssue[],
): URL | undefined {
  if (endpoints !== undefined && (!Array.isArray(endpoints) || endpoints.length !== 1)) {
    const value = Array.isArray(endpoints) ? `${String(endpoints.length)} endpoints` : endpoints;
    issues.push({
      field: 'endpoints',
      value,
      allowed: "an array of the agent's URL, or of the URLs of several agents of one datacenter",
    });
    return undefined;
  }
  const field = endpoints !== undefined ? 'endpoints[0]' : 'CONSUL_HTTP_ADDR';
  const given: unknown = endpoints?.[0] ?? env.address ?? DEFAULT_ENDPOINT;
  const secure = flagOf('CONSUL_HTTP_SSL', env.ssl, issues) ?? false;
  const url = typeof given === 'string' ? parseUrl(given, secure) : undefined;
  if (url === undefined) {
    issues.push({
      field,
      value: typeof given === 'string' ? given.replace(/\/\/[^/]*@/, '//(hidden)@') : given,
      allowed: URL_ALLOWED,
    });
  }
  return url;
}

/** Parses a boolean variable in the spellings that Consul accepts. Undefined if it is not set. */
export function flagOf(variable: string, text: string | undefined, issues: ConfigIssue[]): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(1|t|true)$/i.test(text)) return true;
  if (!/^(0|f|false)$/i.test(text)) issues.push({ field: variable, value: text, allowed: '`true` or `false`' });
  return false;
}

/** True for a loopback name or address, as written in a URL. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function parseUrl(text: string, secure: boolean): URL | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${secure ? 'https' : 'http'}://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  const fits =
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.hostname !== '' &&
    url.search === '' &&
    url.hash === '';
  return fits ? url : undefined;
}
