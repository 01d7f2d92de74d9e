import { readRedisEnv, redisVariables } from './redis-env.js';
import type { RedisEnv } from './redis-env.js';
import { ConfigError } from '../../core/errors.js';
import type { ConfigIssue } from '../../core/errors.js';
import { hostPort, isLoopback } from '../../net/ip-address.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import { resolveTlsOptions } from '../../net/tls-options.js';
import { readTls, tlsSettings } from '../../net/tls.js';
import type { TlsOptions } from '../../net/tls.js';
import { isRedisClient } from './redis-client.js';
import type { RedisClient } from './redis-client.js';

/**
 * How to reach Redis: by `url`, through `sentinels`, or with the host's own `client`. Only one of them may be set.
 * Explicit options win over the environment.
 */
export interface RedisOptions {
  /**
   * `redis://` or, over TLS, `rediss://`, with user, password and database where needed:
   * `redis://user:password@host:6379/0`. Env: `REDIS_URL`.
   * @default 'redis://127.0.0.1:6379'
   */
  readonly url?: string;
  /**
   * Sentinels that know the master, e.g. `['10.0.0.1:26379', '10.0.0.2:26379']`. All are queried at once, and the
   * first answer counts. Requires `name`.
   */
  readonly sentinels?: readonly (string | RegistryEndpoint)[];
  /** The name under which the Sentinels know the master. */
  readonly name?: string;
  /** A connected client of the host: of `redis` or `@redis/client` 6, or of `ioredis` 6. The host closes it. */
  readonly client?: RedisClient;
  /** ACL user. @default the URL's, else Redis' default user */
  readonly username?: string;
  /** @default the URL's, else none */
  readonly password?: string;
  /** Number of the database. @default the URL's, else 0 */
  readonly database?: number;
  /** User and password of the Sentinels, if they require them. */
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  /** TLS settings for `rediss` URLs. With `sentinels`, any value, even `{}`, means TLS to Sentinels and master. */
  readonly tls?: TlsOptions;
}

export interface RedisUser {
  readonly username: string | undefined;
  readonly password: string | undefined;
}

/** Where to send the commands. */
export type RedisPlace =
  | { readonly kind: 'client'; readonly client: RedisClient }
  | { readonly kind: 'server'; readonly server: RegistryEndpoint; readonly access: RedisAccess }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly RegistryEndpoint[];
      readonly name: string;
      readonly sentinelAccess: RedisAccess;
      readonly access: RedisAccess;
    };

/** Credentials, database and TLS of a connection. */
export interface RedisAccess extends RedisUser {
  readonly database: number;
  /** Options for node:tls; undefined for plain TCP. */
  readonly tls: ReturnType<typeof tlsSettings> | undefined;
}

/** The resolved options: merged with the environment and checked. */
export interface RedisTarget {
  readonly place: RedisPlace;
  /** Where the commands go, safe to print. */
  readonly shown: string;
  /** True if the server is on this host. */
  readonly isLocal: boolean;
  readonly endpoint: RegistryEndpoint | undefined;
  /** Risky but allowed settings, as messages for the log. */
  readonly warnings: readonly string[];
}

const DEFAULT_URL = 'redis://127.0.0.1:6379';
const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26379;
const URL_ALLOWED =
  "a URL of one server, e.g. 'redis://127.0.0.1:6379' or 'rediss://user:password@redis.internal:6379/0'";
const ofConnections = ['username', 'password', 'database', 'tls'] as const satisfies readonly (keyof RedisOptions)[];
const ofSentinels = ['name', 'sentinelUsername', 'sentinelPassword'] as const satisfies readonly (keyof RedisOptions)[];

/** Merges options, environment and the files they name. Throws `ConfigError` with every problem. Never connects. */
export function resolveRedisOptions(options: RedisOptions, env: RedisEnv = readRedisEnv()): RedisTarget {
  const issues: ConfigIssue[] = [];
  const { client, sentinels, url } = options;
  const given = [client, sentinels, url].filter((option) => option !== undefined).length;
  if (given > 1)
    issues.push({
      field: 'redis',
      value: `${String(given)} of them`,
      allowed: 'one of `url`, `sentinels` with `name`, and `client`',
    });
  const target =
    client !== undefined
      ? resolveClient(client, options, issues)
      : sentinels !== undefined
        ? resolveSentinels(sentinels, options, issues)
        : resolveServer(options, env, issues);
  if (target === undefined || issues.length > 0) throw new ConfigError(issues);
  return target;
}

function resolveClient(client: unknown, options: RedisOptions, issues: ConfigIssue[]): RedisTarget | undefined {
  rejectIgnored(
    options,
    [...ofConnections, ...ofSentinels],
    'not allowed beside `client`, which is connected already',
    issues,
  );
  if (!isRedisClient(client)) {
    issues.push({
      field: 'client',
      value: typeof client,
      allowed: 'a client of `redis`, `@redis/client` or `ioredis`',
    });
    return undefined;
  }
  return {
    place: { kind: 'client', client },
    shown: "the host's client",
    isLocal: false,
    endpoint: undefined,
    warnings: [],
  };
}

function resolveServer(options: RedisOptions, env: RedisEnv, issues: ConfigIssue[]): RedisTarget | undefined {
  rejectIgnored(options, ofSentinels, 'not allowed without `sentinels`', issues);
  const field = options.url === undefined && env.url !== undefined ? redisVariables.url.variable : 'url';
  const url = parseUrl(options.url ?? env.url ?? DEFAULT_URL);
  if (url === undefined) {
    issues.push({ field, value: '(hidden)', allowed: URL_ALLOWED });
    return undefined;
  }
  const isSecure = url.protocol === 'rediss:';
  const fromUrl = {
    username: decode(url.username),
    password: decode(url.password),
    database: url.pathname.length > 1 ? Number(url.pathname.slice(1)) : undefined,
  };
  const { access, skipsVerify } = accessOf(options, fromUrl, isSecure, issues);
  const server = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
  };
  const shown = `${url.protocol}//${hostPort(server.host, server.port)}`;
  return {
    place: { kind: 'server', server, access },
    shown,
    endpoint: server,
    isLocal: isLoopback(server.host),
    warnings: warningsOf(shown, [server], [access], skipsVerify),
  };
}

function resolveSentinels(given: unknown, options: RedisOptions, issues: ConfigIssue[]): RedisTarget | undefined {
  const { name, sentinelUsername, sentinelPassword } = options;
  const sentinels = Array.isArray(given) ? given.map(endpointOf) : [];
  if (sentinels.length === 0 || sentinels.includes(undefined))
    issues.push({
      field: 'sentinels',
      value: Array.isArray(given)
        ? given.map((each) => ((each as unknown) instanceof Object ? JSON.stringify(each) : String(each))).join(', ')
        : given,
      allowed: "an array of `host:port`, e.g. ['10.0.0.1:26379']",
    });
  if (typeof name !== 'string' || name === '')
    issues.push({ field: 'name', value: name, allowed: 'the name under which the Sentinels know the master' });
  checkTexts({ sentinelUsername, sentinelPassword }, issues);
  const { access, skipsVerify } = accessOf(options, {}, options.tls !== undefined, issues);
  const found = sentinels.filter((each) => each !== undefined);
  const [first] = found;
  if (first === undefined || name === undefined) return undefined;
  const sentinelAccess = { ...access, username: sentinelUsername, password: sentinelPassword, database: 0 };
  const shown = `the master ${name} of ${found.map(({ host, port }) => hostPort(host, port)).join(', ')}`;
  return {
    place: { kind: 'sentinel', sentinels: found, name, sentinelAccess, access },
    shown,
    endpoint: first,
    isLocal: found.every(({ host }) => isLoopback(host)),
    warnings: warningsOf(shown, found, [access, sentinelAccess], skipsVerify),
  };
}

function accessOf(
  options: RedisOptions,
  fromUrl: Partial<RedisUser> & { readonly database?: number | undefined },
  isSecure: boolean,
  issues: ConfigIssue[],
): { access: RedisAccess; skipsVerify: boolean } {
  const { username = fromUrl.username, password = fromUrl.password, database = fromUrl.database ?? 0 } = options;
  checkTexts({ username, password }, issues);
  if (!Number.isInteger(database) || database < 0)
    issues.push({ field: 'database', value: database, allowed: 'the number of a database, 0 or above' });
  const plan = resolveTlsOptions(
    options.tls,
    { values: {}, names: {} },
    isSecure,
    issues,
    "begin the URL with 'rediss://'",
  );
  const read = plan && readTls(plan);
  issues.push(...(read?.issues ?? []));
  const tls = plan && read && tlsSettings(plan, read.material);
  return { access: { username, password, database, tls }, skipsVerify: plan?.insecureSkipVerify === true };
}

function warningsOf(
  shown: string,
  places: readonly RegistryEndpoint[],
  accesses: readonly RedisAccess[],
  skipsVerify: boolean,
): string[] {
  const isExposed =
    accesses.some(({ password, tls }) => password !== undefined && tls === undefined) &&
    !places.every(({ host }) => isLoopback(host));
  return [
    ...(isExposed
      ? [
          `the password of ${shown} goes over plain TCP to another host, so a host on the network path can read it: ` +
            "use a URL with 'rediss://', or set redis({ tls }) with sentinels",
        ]
      : []),
    ...(skipsVerify
      ? [
          `the certificate of ${shown} is not verified (tls.insecureSkipVerify), so a host on the network path can ` +
            'read the password and answer in its place: set tls.ca instead',
        ]
      : []),
  ];
}

/** Reports options that would be ignored, since setting them is a mistake. */
function rejectIgnored(
  options: RedisOptions,
  names: readonly (keyof RedisOptions)[],
  allowed: string,
  issues: ConfigIssue[],
): void {
  for (const field of names) if (options[field] !== undefined) issues.push({ field, value: '(hidden)', allowed });
}

function checkTexts(texts: Readonly<Record<string, unknown>>, issues: ConfigIssue[]): void {
  for (const [field, value] of Object.entries(texts)) {
    if (value !== undefined && (typeof value !== 'string' || value === ''))
      issues.push({ field, value: '(hidden)', allowed: 'a non-empty text' });
  }
}

function parseUrl(given: unknown): URL | undefined {
  if (typeof given !== 'string' || !URL.canParse(given)) return undefined;
  const url = new URL(given);
  const fits =
    (url.protocol === 'redis:' || url.protocol === 'rediss:') &&
    url.hostname !== '' &&
    url.search === '' &&
    url.hash === '' &&
    /^(\/\d*)?$/.test(url.pathname);
  return fits ? url : undefined;
}

/** Decodes percent-encoding; a part that cannot be decoded stays as it is. */
function decode(part: string): string | undefined {
  try {
    return part === '' ? undefined : decodeURIComponent(part);
  } catch {
    return part;
  }
}

function endpointOf(given: unknown): RegistryEndpoint | undefined {
  if (typeof given === 'string')
    return /^[^/@\s]+$/.test(given) && URL.canParse(`redis://${given}`)
      ? endpointIn(new URL(`redis://${given}`))
      : undefined;
  const { host, port = DEFAULT_SENTINEL_PORT } = (given ?? {}) as Partial<Record<keyof RegistryEndpoint, unknown>>;
  return typeof host === 'string' &&
    host !== '' &&
    typeof port === 'number' &&
    Number.isInteger(port) &&
    port > 0 &&
    port < 65_536
    ? { host, port }
    : undefined;
}

function endpointIn({ hostname, port }: URL): RegistryEndpoint {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? DEFAULT_SENTINEL_PORT : Number(port) };
}
