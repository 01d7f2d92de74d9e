import { capsOf } from './redis-answer-limit.js';
import type { RedisCaps } from './redis-answer-limit.js';
import { accessOf, accessWarnings, sentinelAccessOf } from './redis-access.js';
import type { RedisAccess } from './redis-access.js';
import { accessIn, parseRedisUrl, sentinelOf, serverIn } from './redis-address.js';
import { RedisCredentials } from './redis-credentials.js';
import { readRedisEnv, redisVariables } from './redis-env.js';
import type { RedisEnv } from './redis-env.js';
import type { PasswordFunction } from '../../credentials/password.js';
import { ConfigError } from '../../core/errors.js';
import type { ConfigIssue } from '../../core/errors.js';
import { HIDDEN } from '../../core/secrets.js';
import { hostPort, isLoopback } from '../../net/ip-address.js';
import type { RegistryEndpoint } from '../../contracts/registry.js';
import type { WorkerSpec } from '../../contracts/worker-spec.js';
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
   * first answer that leads to a master counts. Requires `name`.
   */
  readonly sentinels?: readonly (string | RegistryEndpoint)[];
  /** The name under which the Sentinels know the master. */
  readonly name?: string;
  /** A connected client of the host: of `redis` or `@redis/client` 6, or of `ioredis` 6. The host closes it. */
  readonly client?: RedisClient;
  /** ACL user. @default the URL's, else Redis' default user */
  readonly username?: string;
  /** A text, or a function that returns it for each new connection. @default the URL's, else none */
  readonly password?: string | PasswordFunction;
  /** Path of a file with the password, followed when it changes. In place of `password`. @default none */
  readonly passwordFile?: string;
  /** Number of the database. @default the URL's, else 0 */
  readonly database?: number;
  /** User and password of the Sentinels, if they require them. */
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string | PasswordFunction;
  /**
   * TLS settings for `rediss` URLs; files are followed when they change. With `sentinels`, any value, even `{}`, means
   * TLS to Sentinels and master.
   */
  readonly tls?: TlsOptions;
  /**
   * The most bytes of an entry that is read. A longer one is an error, and one over 1 MiB counts as none.
   * @default 1 MiB
   */
  readonly maxLookBytes?: number;
  /** The most bytes of a list of a service. A longer one is an error. @default 32 MiB */
  readonly maxListBytes?: number;
}

/** Where to send the commands. */
export type RedisPlace = OwnPlace | { readonly kind: 'client'; readonly client: RedisClient };

/** Servers to which we connect ourselves. */
export type OwnPlace = {
  readonly access: RedisAccess;
  readonly credentials: RedisCredentials;
} & (
  | { readonly kind: 'server'; readonly server: RegistryEndpoint }
  | {
      readonly kind: 'sentinel';
      readonly sentinels: readonly RegistryEndpoint[];
      readonly name: string;
      readonly sentinelAccess: RedisAccess;
    }
);

/** The resolved options: merged with the environment and checked. */
export interface RedisTarget {
  readonly place: RedisPlace;
  /** Where the commands go, safe to print. */
  readonly shown: string;
  /** True if the server is on this host. */
  readonly isLocal: boolean;
  readonly endpoint: RegistryEndpoint | undefined;
  readonly caps: RedisCaps;
  /** Risky but allowed settings, as messages for the log. */
  readonly warnings: readonly string[];
}

const DEFAULT_URL = 'redis://127.0.0.1:6379';
const URL_ALLOWED =
  "a URL of one server, e.g. 'redis://127.0.0.1:6379' or 'rediss://user:password@redis.internal:6379/0'";
const ofConnections = [
  'username',
  'password',
  'passwordFile',
  'database',
  'tls',
] as const satisfies readonly (keyof RedisOptions)[];
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
  const caps = capsOf(options, issues);
  if (target === undefined || issues.length > 0) throw new ConfigError(issues);
  return { ...target, caps };
}

type Found = Omit<RedisTarget, 'caps'>;

function resolveClient(client: unknown, options: RedisOptions, issues: ConfigIssue[]): Found | undefined {
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

function resolveServer(options: RedisOptions, env: RedisEnv, issues: ConfigIssue[]): Found | undefined {
  rejectIgnored(options, ofSentinels, 'not allowed without `sentinels`', issues);
  const field = options.url === undefined && env.url !== undefined ? redisVariables.url.variable : 'url';
  const url = parseRedisUrl(options.url ?? env.url ?? DEFAULT_URL);
  if (url === undefined) {
    issues.push({ field, value: HIDDEN, allowed: URL_ALLOWED });
    return undefined;
  }
  const access = accessOf(options, accessIn(url), url.protocol === 'rediss:', issues);
  const server = serverIn(url);
  const shown = `${url.protocol}//${hostPort(server.host, server.port)}`;
  return {
    place: { kind: 'server', server, access, credentials: new RedisCredentials(access) },
    shown,
    endpoint: server,
    isLocal: isLoopback(server.host),
    warnings: accessWarnings(shown, [server], [access]),
  };
}

function resolveSentinels(given: unknown, options: RedisOptions, issues: ConfigIssue[]): Found | undefined {
  const { name } = options;
  const sentinels = Array.isArray(given) ? given.map(sentinelOf) : [];
  if (sentinels.length === 0 || sentinels.includes(undefined))
    issues.push({
      field: 'sentinels',
      value: HIDDEN,
      allowed: "an array of `host:port`, e.g. ['10.0.0.1:26379']",
    });
  if (typeof name !== 'string' || name === '')
    issues.push({ field: 'name', value: name, allowed: 'the name under which the Sentinels know the master' });
  const access = accessOf(options, undefined, options.tls !== undefined, issues);
  const sentinelAccess = sentinelAccessOf(options, access, issues);
  const found = sentinels.filter((each) => each !== undefined);
  const [first] = found;
  if (first === undefined || name === undefined) return undefined;
  const shown = `the master ${name} of ${found.map(({ host, port }) => hostPort(host, port)).join(', ')}`;
  return {
    place: {
      kind: 'sentinel',
      sentinels: found,
      name,
      sentinelAccess,
      access,
      credentials: new RedisCredentials(access),
    },
    shown,
    endpoint: first,
    isLocal: found.every(({ host }) => isLoopback(host)),
    warnings: accessWarnings(shown, found, [access, sentinelAccess]),
  };
}

/** How a worker thread builds the same registry. Functions stay in this thread. */
export function redisWorkerSpec({
  client,
  password,
  sentinelPassword,
  ...options
}: RedisOptions): WorkerSpec | undefined {
  if (client !== undefined) return undefined;
  const passwords = Object.entries({ password, sentinelPassword });
  const asks = passwords.filter((entry): entry is [string, PasswordFunction] => typeof entry[1] === 'function');
  const texts = passwords.filter(([, given]) => typeof given === 'string');
  return { kind: 'redis', options: { ...options, ...Object.fromEntries(texts) }, asks: Object.fromEntries(asks) };
}

/** Reports options that would be ignored, since setting them is a mistake. */
function rejectIgnored(
  options: RedisOptions,
  names: readonly (keyof RedisOptions)[],
  allowed: string,
  issues: ConfigIssue[],
): void {
  for (const field of names) if (options[field] !== undefined) issues.push({ field, value: HIDDEN, allowed });
}
