import type { ConsulEnv } from './consul-env.js';
import type { ConfigIssue } from '../../core/errors.js';

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8500';
const URL_ALLOWED = "an http or https URL without query, e.g. 'http://127.0.0.1:8500'";

/** The one endpoint that options and environment name; undefined, with what is wrong added to `issues`, when there is none that can be. */
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
      allowed: 'an array of the URL of an agent, or of several agents of one datacenter',
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

/** What a variable says that is true or false, in the spellings that Consul takes; undefined when it is not set. */
export function flagOf(variable: string, text: string | undefined, issues: ConfigIssue[]): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(1|t|true)$/i.test(text)) return true;
  if (!/^(0|f|false)$/i.test(text)) issues.push({ field: variable, value: text, allowed: '`true` or `false`' });
  return false;
}

/** True for a host name or IP of this very host, as it stands in a URL. */
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
