import type { ConsulEnv } from './consul-env.js';
import type { ConfigIssue } from '../../core/errors.js';
import { HIDDEN, rememberSecret } from '../../core/secrets.js';

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
  /** The option or variable that has the user and password for basic authentication; undefined: none. */
  readonly authFrom: string | undefined;
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
    const value = Array.isArray(endpoints) ? `${String(endpoints.length)} endpoints` : HIDDEN;
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
    issues.push({ field, value: HIDDEN, allowed: URL_ALLOWED });
    return undefined;
  }
  const authFrom = hasUser(endpoint.url) ? field : env.auth === undefined ? undefined : 'CONSUL_HTTP_AUTH';
  const url = authFrom === 'CONSUL_HTTP_AUTH' ? withUser(endpoint.url, env.auth ?? '') : endpoint.url;
  // The pair as well: a short password is looked for only where one is expected.
  if (authFrom !== undefined)
    for (const secret of [pairIn(url), percentDecoded(url.password || url.username)]) rememberSecret(secret);
  return { ...endpoint, url, authFrom };
}

/** The endpoint, safe to print. */
export function shownEndpoint({ url, socketPath }: Pick<ConsulEndpoint, 'url' | 'socketPath'>): string {
  if (socketPath !== undefined) return `${UNIX}${socketPath}`;
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`;
}

/** True for an endpoint on this host. */
export function isLocalEndpoint({ url, socketPath }: Pick<ConsulEndpoint, 'url' | 'socketPath'>): boolean {
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

/** The header for HTTP basic authentication as a URL's user; undefined without one. */
export function basicAuthentication(url: URL): string | undefined {
  return hasUser(url) ? `Basic ${Buffer.from(pairIn(url)).toString('base64')}` : undefined;
}

function pairIn({ username, password }: URL): string {
  return `${percentDecoded(username)}:${percentDecoded(password)}`;
}

function hasUser({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** Decodes percent-encoding. Invalid sequences stay as they are. */
function percentDecoded(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}

function parse(text: string, secure: boolean): Omit<ConsulEndpoint, 'authFrom'> | undefined {
  if (!text.startsWith('unix:')) {
    const url = parseUrl(text, secure);
    return url && { url, socketPath: undefined };
  }
  const socketPath = text.slice(UNIX.length);
  const fits = text.startsWith(`${UNIX}/`) && !text.includes('\0');
  return fits ? { url: new URL('http://localhost'), socketPath } : undefined;
}

/** Adds `user:password`. */
function withUser(url: URL, auth: string): URL {
  const [username = '', ...password] = auth.split(':');
  const whole = new URL(url);
  whole.username = encodeURIComponent(username);
  whole.password = encodeURIComponent(password.join(':'));
  return whole;
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
