import type { ConsulEnv } from './consul-env.js';
import type { ConfigIssue } from '../../core/errors.js';

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8500';
const UNIX = 'unix://';
const URL_ALLOWED =
  "an http or https URL without query, e.g. 'http://127.0.0.1:8500', or a Unix socket, e.g. 'unix:///run/consul.sock'";

/** Where the agent answers. */
export interface ConsulEndpoint {
  /** Base URL; may carry credentials, so never print it. With a socket it only serves to build requests. */
  readonly url: URL;
  /** The path of a Unix socket; undefined: TCP. */
  readonly socketPath: string | undefined;
}

/**
 * Returns the endpoint that the options or the environment name. Undefined if it cannot be used; then the problem is
 * added to `issues`.
 */
export function endpointOf(
  endpoints: readonly string[] | undefined,
  env: ConsulEnv,
  issues: ConfigIssue[],
): ConsulEndpoint | undefined {
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
  const endpoint = typeof given === 'string' ? parse(given, secure) : undefined;
  if (endpoint === undefined) {
    issues.push({
      field,
      value: typeof given === 'string' ? given.replace(/\/\/[^/]*@/, '//(hidden)@') : given,
      allowed: URL_ALLOWED,
    });
  }
  return endpoint && authenticated(endpoint, env.auth);
}

/** The endpoint, safe to print. */
export function shownEndpoint({ url, socketPath }: ConsulEndpoint): string {
  if (socketPath !== undefined) return `${UNIX}${socketPath}`;
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`;
}

/** True for an endpoint on this host. */
export function isLocalEndpoint({ url, socketPath }: ConsulEndpoint): boolean {
  return socketPath !== undefined || isLoopback(url.hostname);
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

function parse(text: string, secure: boolean): ConsulEndpoint | undefined {
  if (!text.startsWith('unix:')) {
    const url = parseUrl(text, secure);
    return url && { url, socketPath: undefined };
  }
  const socketPath = text.slice(UNIX.length);
  const fits = text.startsWith(`${UNIX}/`) && !text.includes('\0');
  return fits ? { url: new URL('http://localhost'), socketPath } : undefined;
}

/** Adds the user and password of the environment, unless the endpoint has its own. */
function authenticated({ url, socketPath }: ConsulEndpoint, auth: string | undefined): ConsulEndpoint {
  if (auth === undefined || url.username !== '' || url.password !== '') return { url, socketPath };
  const [username = '', ...password] = auth.split(':');
  const withUser = new URL(url);
  withUser.username = encodeURIComponent(username);
  withUser.password = encodeURIComponent(password.join(':'));
  return { url: withUser, socketPath };
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
