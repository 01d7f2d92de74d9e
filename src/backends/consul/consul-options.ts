import { parseDuration } from '../../core/duration.js';
import { readConsulEnv } from './consul-env.js';
import type { ConsulEnv } from './consul-env.js';
import type { Duration } from '../../config/options.js';
import { ConfigError } from '../../core/errors.js';
import type { ConfigIssue } from '../../core/errors.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
import type { PoolLimits } from '../../net/pool-size.js';
import { readTls } from '../../net/tls.js';
import type { TlsOptions, TlsPlan } from '../../net/tls.js';
import type { TokenFunction, TokenSource } from '../../credentials/token.js';
import { capsOf } from './consul-caps.js';
import type { ConsulCaps } from './consul-caps.js';
import { endpointOf, isLocalEndpoint, shownEndpoint } from './consul-endpoint.js';
import { secureBy } from './consul-tls.js';
import { tokenOf } from './consul-token.js';

/** How to reach Consul. Explicit options win over Consul's own environment variables. */
export interface ConsulOptions {
  /**
   * URL of the agent beside the service, e.g. `['http://127.0.0.1:8500']`; `host:port` and a Unix socket such as
   * `unix:///run/consul.sock` work too. With several agents of one datacenter, the first that answers holds the
   * registration, see `breaker`. A user and password in the URL are for HTTP basic authentication. Env:
   * `CONSUL_HTTP_ADDR` (one), `CONSUL_HTTP_SSL`, `CONSUL_HTTP_AUTH`.
   * @default ['http://127.0.0.1:8500']
   */
  readonly endpoints?: readonly string[];
  /**
   * ACL token, or a function that returns it and is called before every request. Sent as `X-Consul-Token` only. Env:
   * `CONSUL_HTTP_TOKEN`.
   */
  readonly token?: string | TokenFunction;
  /**
   * Path of a file with the ACL token, instead of `token`. Whitespace around the token is ignored. Env:
   * `CONSUL_HTTP_TOKEN_FILE`.
   */
  readonly tokenFile?: string;
  /**
   * TLS settings for `https` endpoints. Env: `CONSUL_CACERT`, `CONSUL_CLIENT_CERT`, `CONSUL_CLIENT_KEY`,
   * `CONSUL_TLS_SERVER_NAME`, `CONSUL_HTTP_SSL_VERIFY`.
   */
  readonly tls?: TlsOptions;
  /**
   * True: a token, or a user with a password, may go over plain `http` to another host, where any host on the network
   * path can read it.
   * @default false
   */
  readonly allowPlainToken?: boolean;
  /**
   * Maximum number of connections beside those of heartbeats and long polls; 1 to 32. Heartbeats have four, and up to
   * twelve while answers come late; long polls have four.
   * @default 4, and up to 12 while answers come late
   */
  readonly pool?: number;
  /** Limits on how long connections and requests may take. */
  readonly timeouts?: {
    /** Until a connection is established, TLS included. @default '3s' */
    readonly connect?: Duration;
    /**
     * A whole request, including its wait for a connection. A heartbeat gets 80 % of its interval if that is less.
     * @default '5s'
     */
    readonly request?: Duration;
    /**
     * How long the agent holds a long poll before it answers that nothing has changed, 1 s to 10 min. The client waits
     * a tenth longer.
     * @default '30s'
     */
    readonly poll?: Duration;
  };
  /** Consul Enterprise namespace, for reads and for instances that set none of their own. Env: `CONSUL_NAMESPACE`. */
  readonly namespace?: string;
  /** Consul Enterprise admin partition, for reads and for instances that set none. Env: `CONSUL_PARTITION`. */
  readonly partition?: string;
  /** The most bytes of an answer about one entry or configuration. A longer one is an error. @default 1 MiB */
  readonly maxLookBytes?: number;
  /** The most bytes of an answer that lists all services of the agent. A longer one is an error. @default 8 MiB */
  readonly maxBatchLookBytes?: number;
  /**
   * The most bytes of an answer that lists a service. A longer one is an error. In both lists, an entry that is longer
   * than `maxLookBytes` is left out.
   * @default 32 MiB
   */
  readonly maxListBytes?: number;
}

/** The timeouts in milliseconds. */
export interface ConsulTimeouts {
  readonly connectMs: number;
  readonly requestMs: number;
  readonly pollMs: number;
}

/** How to reach Consul, and when to fail over between agents. */
export interface ConsulAgentsOptions extends ConsulOptions {
  /**
   * When to skip one of several `endpoints` for the next one, and when to try it again. The last one left is never
   * skipped.
   */
  readonly breaker?: {
    /** Consecutive failures before an endpoint is skipped, at least 1. @default 3 */
    readonly failures?: number;
    /** How long an endpoint is skipped before it is tried again. @default '30s' */
    readonly openFor?: Duration;
  };
}

/** The resolved options: merged with the environment and checked. */
export interface ConsulTarget {
  /** Base URL without a trailing slash; may carry credentials, so never print it. */
  readonly url: URL;
  /** The Unix socket to send requests over; undefined: TCP, to the host of the URL. */
  readonly socketPath: string | undefined;
  /** The endpoint, safe to print. */
  readonly shown: string;
  /** True if the agent is on this host. */
  readonly isLocal: boolean;
  readonly token: TokenSource;
  /** Undefined: plain HTTP. */
  readonly tls: (ReturnType<typeof readTls> & { readonly plan: TlsPlan }) | undefined;
  readonly pool: PoolLimits;
  readonly timeouts: ConsulTimeouts;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
  readonly caps: ConsulCaps;
  /** Risky but allowed settings, as messages for the log. */
  readonly warnings: readonly string[];
}

const DEFAULT_POOL: PoolLimits = { few: 4, most: 12 };
const LARGEST_POOL = 32;
const DEFAULT_TIMEOUTS = { connect: 3_000, request: 5_000, poll: 30_000 };
/** The longest wait that Consul's servers accept. */
const LONGEST_POLL_MS = 600_000;
/** With a shorter wait, a long poll would be plain polling. */
const SHORTEST_POLL_MS = 1_000;

/** The deadline of a long poll: the servers add up to a sixteenth to the requested wait. */
export function heldMs({ pollMs }: ConsulTimeouts): number {
  return pollMs * 1.1;
}

/**
 * Merges options and environment, and reads the files that they name. Throws `ConfigError` with every problem found,
 * but for files that are not there yet, or still empty.
 * Connects to nothing.
 */
export function resolveConsulOptions(options: ConsulOptions, env: ConsulEnv = readConsulEnv()): ConsulTarget {
  const issues: ConfigIssue[] = [];
  const endpoint = endpointOf(options.endpoints, env, issues);
  const plan = secureBy(options.tls, env, endpoint?.url.protocol, issues);
  const read = plan && readTls(plan);
  issues.push(...(read?.issues ?? []).filter(({ pendingFile }) => pendingFile === undefined));
  const token = tokenOf(options, env, endpoint, issues);
  const pool = resolvePool(options.pool, issues);
  const timeouts = resolveTimeouts(options.timeouts, issues);
  const namespace = resolveScope('namespace', options.namespace ?? env.namespace, issues);
  const partition = resolveScope('partition', options.partition ?? env.partition, issues);
  const caps = capsOf(options, issues);
  if (endpoint === undefined || issues.length > 0) throw new ConfigError(issues);
  const shown = shownEndpoint(endpoint);
  const warnings =
    plan?.insecureSkipVerify === true
      ? [
          `the certificate of ${shown} is not verified (tls.insecureSkipVerify), so a host on the network path can ` +
            'read the token and answer in its place: set tls.ca instead',
        ]
      : [];
  return {
    ...endpoint,
    shown,
    isLocal: isLocalEndpoint(endpoint),
    token,
    tls: plan && read && { plan, ...read },
    pool,
    timeouts,
    namespace,
    partition,
    caps,
    warnings,
  };
}

/**
 * Describes the registry for a worker thread. A token function stays on its own thread, and the worker requests each
 * token from there.
 */
export function consulWorkerSpec({ token, ...options }: ConsulAgentsOptions): WorkerSpec {
  if (typeof token === 'function') return { kind: 'consul', options, asks: { token } };
  return { kind: 'consul', options: { ...options, ...(token !== undefined && { token }) } };
}

function resolvePool(value: unknown, issues: ConfigIssue[]): PoolLimits {
  if (value === undefined) return DEFAULT_POOL;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LARGEST_POOL)
    return { few: value, most: value };
  issues.push({ field: 'pool', value, allowed: `a whole number from 1 to ${String(LARGEST_POOL)}` });
  return DEFAULT_POOL;
}

function resolveTimeouts(given: unknown, issues: ConfigIssue[]): ConsulTimeouts {
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
  if (given !== undefined && !isObject)
    issues.push({ field: 'timeouts', value: given, allowed: 'an object with connect, request, poll' });
  const options: Readonly<Record<string, unknown>> = isObject ? { ...given } : {};
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DEFAULT_TIMEOUTS, name))
      issues.push({
        field: `timeouts.${name}`,
        value: options[name],
        allowed: 'no such option; the options are connect, request, poll',
      });
  }
  const read = (name: keyof typeof DEFAULT_TIMEOUTS, least: number, most: number, allowed: string) => {
    const ms = parseDuration(options[name] ?? DEFAULT_TIMEOUTS[name]);
    if (ms !== undefined && ms >= least && ms <= most) return ms;
    issues.push({ field: `timeouts.${name}`, value: options[name], allowed });
    return DEFAULT_TIMEOUTS[name];
  };
  return {
    connectMs: read('connect', 1, Infinity, "a duration, e.g. '3s'"),
    requestMs: read('request', 1, Infinity, "a duration, e.g. '5s'"),
    pollMs: read('poll', SHORTEST_POLL_MS, LONGEST_POLL_MS, "a duration from '1s' to '10m'"),
  };
}

function resolveScope(field: string, value: unknown, issues: ConfigIssue[]): string | undefined {
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  issues.push({ field, value, allowed: 'a non-empty text' });
  return undefined;
}
