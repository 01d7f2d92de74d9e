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

/** How to reach Consul, in the variables that Consul's own tools read. */
export interface ConsulEnv {
  readonly address: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly ssl: string | undefined;
  readonly sslVerify: string | undefined;
  readonly caCert: string | undefined;
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
}

/** A row of the table that the code reads by and the README prints. */
export interface EnvVariable {
  readonly variable: string;
  readonly meaning: string;
}

/** The registries that `SERVICE_REGISTRY` can name. */
export const registryKinds = ['consul', 'file', 'memory'] as const;
export type RegistryKind = (typeof registryKinds)[number];

const metaPrefix = 'SERVICE_META_';

const namespace: EnvVariable = { variable: 'CONSUL_NAMESPACE', meaning: 'Consul Enterprise namespace' };
const partition: EnvVariable = { variable: 'CONSUL_PARTITION', meaning: 'Consul Enterprise admin partition' };

/** Variables about the service; each stands behind the option of the same name. */
export const serviceVariables: Readonly<Record<keyof ServiceEnv, EnvVariable>> = {
  name: { variable: 'SERVICE_NAME', meaning: 'name of the service' },
  id: { variable: 'SERVICE_ID', meaning: 'id of this instance' },
  address: { variable: 'SERVICE_ADDRESS', meaning: 'host or IP others reach it by' },
  port: { variable: 'SERVICE_PORT', meaning: 'port others reach it by' },
  tags: { variable: 'SERVICE_TAGS', meaning: 'tags, separated by commas' },
  meta: { variable: `${metaPrefix}<KEY>`, meaning: 'one meta pair; the key is lower-cased' },
  ttl: { variable: 'SERVICE_TTL', meaning: "how long the entry lives without a heartbeat, e.g. '10s'" },
  registry: { variable: 'SERVICE_REGISTRY', meaning: `where to register: ${registryKinds.join(', ')}` },
  namespace,
  partition,
};

/** Variables about Consul; each stands behind the `consul()` option of the same meaning. */
export const consulVariables: Readonly<Record<keyof ConsulEnv, EnvVariable>> = {
  address: { variable: 'CONSUL_HTTP_ADDR', meaning: "the agent, as 'host:port' or a URL" },
  token: { variable: 'CONSUL_HTTP_TOKEN', meaning: 'ACL token' },
  tokenFile: { variable: 'CONSUL_HTTP_TOKEN_FILE', meaning: 'file that holds the ACL token' },
  ssl: { variable: 'CONSUL_HTTP_SSL', meaning: 'true: speak HTTPS to the agent' },
  sslVerify: { variable: 'CONSUL_HTTP_SSL_VERIFY', meaning: "false: do not verify the agent's certificate" },
  caCert: { variable: 'CONSUL_CACERT', meaning: 'file with the certificate authority' },
  clientCert: { variable: 'CONSUL_CLIENT_CERT', meaning: 'file with the client certificate' },
  clientKey: { variable: 'CONSUL_CLIENT_KEY', meaning: "file with the client certificate's key" },
  tlsServerName: { variable: 'CONSUL_TLS_SERVER_NAME', meaning: "name expected in the agent's certificate" },
  namespace,
  partition,
};

/** Reads the `SERVICE_*` variables (and Consul's namespace and partition). A variable set to nothing counts as not set. */
export function readServiceEnv(env: Environment = process.env): ServiceEnv {
  const meta: Record<string, string> = {};
  for (const [variable, value] of Object.entries(env)) {
    if (variable.startsWith(metaPrefix) && value) meta[variable.slice(metaPrefix.length).toLowerCase()] = value;
  }
  return { ...readAll(serviceVariables, env), meta };
}

/** Reads Consul's own variables. A variable set to nothing counts as not set. */
export function readConsulEnv(env: Environment = process.env): ConsulEnv {
  return readAll(consulVariables, env);
}

function readAll<Field extends string>(
  table: Readonly<Record<Field, EnvVariable>>,
  env: Environment,
): Record<Field, string | undefined> {
  const fields = Object.keys(table) as Field[];
  const read = fields.map((field) => [field, env[table[field].variable] || undefined] as const);
  return Object.fromEntries(read) as Record<Field, string | undefined>;
}
