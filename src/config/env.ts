/** The environment as a plain map; tests hand in one of their own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What an operator can say about the service itself. Raw text: `resolveConfig` checks it together with the options. */
export interface ServiceEnv {
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly address: string | undefined;
  readonly port: string | undefined;
  readonly tags: string | undefined;
  readonly ttl: string | undefined;
  readonly registry: string | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
  /** One entry for each `SERVICE_META_<KEY>`, its key in lower case. */
  readonly meta: Readonly<Record<string, string>>;
}

/** How to reach Consul, in variables that Consul's own tools read. */
export interface ConsulEnv {
  readonly address: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly ssl: string | undefined;
  readonly sslVerify: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly serverName: string | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
}

/** How to reach etcd, in variables that `etcdctl` reads. */
export interface EtcdEnv {
  readonly endpoints: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** How to reach Redis, in the variable that its hosters set. */
export interface RedisEnv {
  readonly url: string | undefined;
}

/** A row of the table that the code reads by and the README prints. */
export interface EnvVariable {
  readonly variable: string;
  /** The option that it stands behind. */
  readonly option: string;
  readonly meaning: string;
  /** True: never shown, nor filled in for a template. */
  readonly secret?: boolean;
}

/** The registries that `SERVICE_REGISTRY` can name. */
export const registryKinds = ['consul', 'etcd', 'redis', 'file', 'memory'] as const;
export type RegistryKind = (typeof registryKinds)[number];

const metaPrefix = 'SERVICE_META_';

const namespace: EnvVariable = {
  variable: 'CONSUL_NAMESPACE',
  option: 'namespace',
  meaning: 'Consul Enterprise namespace',
};
const partition: EnvVariable = {
  variable: 'CONSUL_PARTITION',
  option: 'partition',
  meaning: 'Consul Enterprise admin partition',
};

/** Variables about the service. */
export const serviceVariables: Readonly<Record<keyof ServiceEnv, EnvVariable>> = {
  name: { variable: 'SERVICE_NAME', option: 'name', meaning: 'name of the service' },
  id: { variable: 'SERVICE_ID', option: 'id', meaning: 'id of this instance' },
  address: { variable: 'SERVICE_ADDRESS', option: 'address', meaning: 'host or IP that others reach it by' },
  port: { variable: 'SERVICE_PORT', option: 'port', meaning: 'port that others reach it by' },
  tags: { variable: 'SERVICE_TAGS', option: 'tags', meaning: 'tags, separated by commas' },
  meta: {
    variable: `${metaPrefix}<KEY>`,
    option: 'meta',
    meaning: 'one pair; the key is lower-cased, pairs are merged one by one',
  },
  ttl: { variable: 'SERVICE_TTL', option: 'ttl', meaning: 'how long the entry lives without a heartbeat, e.g. `10s`' },
  registry: {
    variable: 'SERVICE_REGISTRY',
    option: 'registry',
    meaning: registryKinds.map((kind) => `\`${kind}\``).join(', '),
  },
  namespace,
  partition,
};

/** Variables about Consul. */
export const consulVariables: Readonly<Record<keyof ConsulEnv, EnvVariable>> = {
  address: {
    variable: 'CONSUL_HTTP_ADDR',
    option: 'consul({ endpoints })',
    meaning: 'the agent, as `host:port` or a URL',
  },
  token: { variable: 'CONSUL_HTTP_TOKEN', option: 'consul({ token })', meaning: 'ACL token', secret: true },
  tokenFile: {
    variable: 'CONSUL_HTTP_TOKEN_FILE',
    option: 'consul({ tokenFile })',
    meaning: 'file that has the ACL token; before `CONSUL_HTTP_TOKEN`',
  },
  ssl: {
    variable: 'CONSUL_HTTP_SSL',
    option: 'consul({ endpoints })',
    meaning: '`true`: HTTPS where no scheme is given',
  },
  sslVerify: {
    variable: 'CONSUL_HTTP_SSL_VERIFY',
    option: 'consul({ tls })',
    meaning: '`false`: `insecureSkipVerify`',
  },
  ca: { variable: 'CONSUL_CACERT', option: 'consul({ tls })', meaning: '`ca`, usually a path' },
  cert: { variable: 'CONSUL_CLIENT_CERT', option: 'consul({ tls })', meaning: '`cert`, likewise' },
  key: { variable: 'CONSUL_CLIENT_KEY', option: 'consul({ tls })', meaning: '`key`, likewise', secret: true },
  serverName: { variable: 'CONSUL_TLS_SERVER_NAME', option: 'consul({ tls })', meaning: '`serverName`' },
  namespace,
  partition,
};

/** Variables about etcd. */
export const etcdVariables: Readonly<Record<keyof EtcdEnv, EnvVariable>> = {
  endpoints: {
    variable: 'ETCDCTL_ENDPOINTS',
    option: 'etcd({ endpoints })',
    meaning: 'members of the cluster, separated by commas',
  },
  user: {
    variable: 'ETCDCTL_USER',
    option: 'etcd({ username })',
    meaning: 'name of a user, or `name:password`',
    secret: true,
  },
  password: { variable: 'ETCDCTL_PASSWORD', option: 'etcd({ password })', meaning: 'its password', secret: true },
  ca: { variable: 'ETCDCTL_CACERT', option: 'etcd({ tls })', meaning: '`ca`, usually a path' },
  cert: { variable: 'ETCDCTL_CERT', option: 'etcd({ tls })', meaning: '`cert`, likewise' },
  key: { variable: 'ETCDCTL_KEY', option: 'etcd({ tls })', meaning: '`key`, likewise', secret: true },
};

/** Variables about Redis. */
export const redisVariables: Readonly<Record<keyof RedisEnv, EnvVariable>> = {
  url: { variable: 'REDIS_URL', option: 'redis({ url })', meaning: 'the server, with user and password', secret: true },
};

/** Reads the `SERVICE_*` variables (and Consul's namespace and partition). A variable set to nothing counts as not set. */
export function readServiceEnv(env: Environment = process.env): ServiceEnv {
  const pairs = Object.entries(env).flatMap(([variable, value]) =>
    variable.startsWith(metaPrefix) && value ? [[variable.slice(metaPrefix.length).toLowerCase(), value] as const] : [],
  );
  return { ...readAll(serviceVariables, env), meta: Object.fromEntries(pairs) };
}

/** Reads Consul's own variables. A variable set to nothing counts as not set. */
export function readConsulEnv(env: Environment = process.env): ConsulEnv {
  return readAll(consulVariables, env);
}

/** Reads the variables of `etcdctl`. A variable set to nothing counts as not set. */
export function readEtcdEnv(env: Environment = process.env): EtcdEnv {
  return readAll(etcdVariables, env);
}

/** Reads Redis' variable, likewise. */
export function readRedisEnv(env: Environment = process.env): RedisEnv {
  return readAll(redisVariables, env);
}

/** The whole environment, for the readers beside this file. */
export function wholeEnvironment(): Environment {
  return process.env;
}

/** Reads one variable by its name. A variable set to nothing counts as not set. */
export function readVariable(name: string, env: Environment = process.env): string | undefined {
  return Object.hasOwn(env, name) ? env[name] || undefined : undefined;
}

/** True for a variable whose value must not be shown to anybody. */
export function isSecret(name: string): boolean {
  return [consulVariables, etcdVariables, redisVariables].some((table) =>
    Object.values<EnvVariable>(table).some(({ variable, secret }) => secret === true && variable === name),
  );
}

function readAll<Field extends string>(
  table: Readonly<Record<Field, EnvVariable>>,
  env: Environment,
): Record<Field, string | undefined> {
  const fields = Object.keys(table) as Field[];
  const read = fields.map((field) => [field, env[table[field].variable] || undefined] as const);
  return Object.fromEntries(read) as Record<Field, string | undefined>;
}
