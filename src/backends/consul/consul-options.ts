import { readConsulEnv } from '../../config/env.js';
import type { ConsulEnv } from '../../config/env.js';
import { ConfigError } from '../../errors.js';
import type { ConfigIssue } from '../../errors.js';

/** How to reach Consul. Explicit options win over Consul's own environment variables. */
export interface ConsulOptions {
  /**
   * URL of the agent beside the service, e.g. `['http://127.0.0.1:8500']`; `host:port` will do. One for now: a registration
   * lives on one agent. Env: `CONSUL_HTTP_ADDR`, `CONSUL_HTTP_SSL`. @default ['http://127.0.0.1:8500']
   */
  readonly endpoints?: readonly string[];
  /** ACL token, or a function that is asked before every request. Sent as `X-Consul-Token` only. Env: `CONSUL_HTTP_TOKEN`. */
  readonly token?: string | (() => string | Promise<string>);
  /** Consul Enterprise namespace of readers, and of instances that name none. Env: `CONSUL_NAMESPACE`. */
  readonly namespace?: string;
  /** Consul Enterprise admin partition, likewise. Env: `CONSUL_PARTITION`. */
  readonly partition?: string;
}

/** The options after environment and checks. */
export interface ConsulTarget {
  /** Base URL without a trailing slash; may carry credentials, so never print it. */
  readonly url: URL;
  /** The same, safe to print. */
  readonly shown: string;
  /** The agent is on this host. */
  readonly nearby: boolean;
  readonly token: string | (() => string | Promise<string>) | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
}

const DEFAULT_ENDPOINT = 'http://127.0.0.1:8500';
const URL_ALLOWED = "an http or https URL without query, e.g. 'http://127.0.0.1:8500'";

/** Merges options and environment. Throws `ConfigError` with every problem found. */
export function resolveConsulOptions(options: ConsulOptions, env: ConsulEnv = readConsulEnv()): ConsulTarget {
  const issues: ConfigIssue[] = [];
  const url = resolveUrl(options, env, issues);
  const token = options.token ?? env.token;
  if (token !== undefined && typeof token !== 'function' && !isToken(token)) {
    issues.push({ field: options.token === undefined ? 'CONSUL_HTTP_TOKEN' : 'token', value: '(hidden)', allowed: TOKEN_ALLOWED });
  }
  const namespace = resolveScope('namespace', options.namespace ?? env.namespace, issues);
  const partition = resolveScope('partition', options.partition ?? env.partition, issues);
  if (url === undefined || issues.length > 0) throw new ConfigError(issues);
  return { url, shown: `${url.protocol}//${url.host}${url.pathname.replace(/\/$/, '')}`, nearby: isLoopback(url.hostname), token, namespace, partition };
}

const TOKEN_ALLOWED = 'a non-empty text of printable ASCII characters, or a function that gives one';

/** True for what can be sent as a header. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

function resolveUrl({ endpoints }: ConsulOptions, env: ConsulEnv, issues: ConfigIssue[]): URL | undefined {
  if (endpoints !== undefined && (!Array.isArray(endpoints) || endpoints.length !== 1)) {
    const value = Array.isArray(endpoints) ? `${String(endpoints.length)} endpoints` : endpoints;
    issues.push({ field: 'endpoints', value, allowed: 'an array of exactly one URL: a registration lives on one agent' });
    return undefined;
  }
  const field = endpoints !== undefined ? 'endpoints[0]' : 'CONSUL_HTTP_ADDR';
  const given: unknown = endpoints?.[0] ?? env.address ?? DEFAULT_ENDPOINT;
  const url = typeof given === 'string' ? parseUrl(given, isTrue(env.ssl)) : undefined;
  if (url === undefined) {
    issues.push({ field, value: typeof given === 'string' ? given.replace(/\/\/[^/]*@/, '//(hidden)@') : given, allowed: URL_ALLOWED });
  }
  return url;
}

function parseUrl(text: string, secure: boolean): URL | undefined {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `${secure ? 'https' : 'http'}://${text}`;
  if (!URL.canParse(full)) return undefined;
  const url = new URL(full);
  const fits = (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '' && url.search === '' && url.hash === '';
  return fits ? url : undefined;
}

function resolveScope(field: string, value: unknown, issues: ConfigIssue[]): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  issues.push({ field, value, allowed: 'a non-empty text' });
  return undefined;
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 't', 'true'].includes(text.toLowerCase());
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
