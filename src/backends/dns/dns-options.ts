import { ConfigError } from '../../core/errors.js';
import type { ConfigIssue } from '../../core/errors.js';
import { parseDuration } from '../../core/duration.js';
import type { Duration } from '../../core/duration.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { hostPort, isLoopback } from '../../net/ip-address.js';
import { endpointOfUrl } from '../../net/url-endpoint.js';

/** Which DNS server to ask, and for what. */
export interface DnsOptions {
  /** `host:port` of a DNS server that answers over TCP; an IPv6 address in brackets. @default '127.0.0.1:8600' */
  readonly server?: string;
  /** Services are looked up as `<name>.service.<domain>`. @default 'consul' */
  readonly domain?: string;
  /** An answer counts no longer than this, whatever its TTL; '1s' to '5m'. @default '30s' */
  readonly maxTtl?: Duration;
}

/** The resolved options. */
export interface DnsTarget {
  readonly endpoint: RegistryEndpoint;
  /** The server, safe to print. */
  readonly shown: string;
  readonly isLocal: boolean;
  readonly domain: string;
  readonly maxTtlMs: number;
}

/** An answer counts at least this long, also with a TTL of 0. */
export const SHORTEST_TTL_MS = 1_000;
const LONGEST_TTL_MS = 300_000;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;
const LONGEST_NAME = 253;

/** Throws `ConfigError` with every problem found. Connects to nothing. */
export function resolveDnsOptions(options: DnsOptions): DnsTarget {
  const { server = '127.0.0.1:8600', domain = 'consul', maxTtl = '30s' } = options;
  const issues: ConfigIssue[] = [];
  const endpoint = endpointOf(server);
  if (endpoint === undefined)
    issues.push({ field: 'server', value: server, allowed: "a host and a port, e.g. '127.0.0.1:8600'" });
  if (typeof domain !== 'string' || !isHostName(domain))
    issues.push({ field: 'domain', value: domain, allowed: "a DNS name, e.g. 'consul'" });
  const maxTtlMs = parseDuration(maxTtl) ?? NaN;
  if (!(maxTtlMs >= SHORTEST_TTL_MS && maxTtlMs <= LONGEST_TTL_MS))
    issues.push({ field: 'maxTtl', value: maxTtl, allowed: "a duration from '1s' to '5m'" });
  if (endpoint === undefined || issues.length > 0) throw new ConfigError(issues);
  const { host, port } = endpoint;
  return { endpoint, shown: hostPort(host, port), isLocal: isLoopback(host), domain: withoutDot(domain), maxTtlMs };
}

/** True for a name that can be asked for, and connected to. A dot at its end is allowed. */
export function isHostName(text: string): boolean {
  const name = withoutDot(text);
  return name.length <= LONGEST_NAME && name.split('.').every((label) => LABEL.test(label));
}

export function withoutDot(name: string): string {
  return name.replace(/\.$/, '');
}

function endpointOf(server: unknown): RegistryEndpoint | undefined {
  if (typeof server !== 'string' || !/^(?:\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\%]+):\d{1,5}$/i.test(server)) return undefined;
  // Another scheme than http: there, a port of 80 would vanish.
  const url = `dns://${server}`;
  if (!URL.canParse(url)) return undefined;
  const endpoint = endpointOfUrl(new URL(url));
  return endpoint.port > 0 ? endpoint : undefined;
}
