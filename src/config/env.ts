import { isServiceLink } from './service-links.js';

/** The environment as a plain map; tests pass their own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables about the service itself, as raw text; `resolveConfig` validates them together with the options. */
export interface ServiceEnv {
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly address: string | undefined;
  readonly port: string | undefined;
  readonly tags: string | undefined;
  readonly zone: string | undefined;
  readonly ttl: string | undefined;
  readonly registry: string | undefined;
  readonly drain: string | undefined;
  readonly namespace: string | undefined;
  readonly partition: string | undefined;
  /** One entry for each `SERVICE_META_<KEY>`, its key in lower case. */
  readonly meta: Readonly<Record<string, string>>;
  /** Variables of ours that were ignored, because Kubernetes set them for another Service. */
  readonly serviceLinks: readonly string[];
}

/** A row of the table that the code reads by and the README prints. */
export interface EnvVariable {
  readonly variable: string;
  /** The option that it sets. */
  readonly option: string;
  readonly meaning: string;
}

/** One row a field of what is read. */
export type VariableTable<Field extends string> = Readonly<Record<Field, EnvVariable>>;

/** The registries that `SERVICE_REGISTRY` can name. */
export const registryKinds = ['consul', 'etcd', 'redis', 'file', 'memory'] as const;
/** Those that it can name for a resolver, since they take no registrations. */
export const readOnlyKinds = ['dns'] as const;
export type RegistryKind = (typeof registryKinds)[number] | (typeof readOnlyKinds)[number];

const metaPrefix = 'SERVICE_META_';

const inCode = (kinds: readonly string[]) => kinds.map((kind) => `\`${kind}\``).join(', ');

/** Variables about the service. */
export const serviceVariables: VariableTable<Exclude<keyof ServiceEnv, 'serviceLinks'>> = {
  name: { variable: 'SERVICE_NAME', option: 'name', meaning: 'name of the service' },
  id: { variable: 'SERVICE_ID', option: 'id', meaning: 'id of this instance' },
  address: { variable: 'SERVICE_ADDRESS', option: 'address', meaning: 'host or IP that others reach it by' },
  port: { variable: 'SERVICE_PORT', option: 'port', meaning: 'port that others reach it by' },
  tags: { variable: 'SERVICE_TAGS', option: 'tags', meaning: 'tags, separated by commas, or as a JSON array' },
  meta: {
    variable: `${metaPrefix}<KEY>`,
    option: 'meta',
    meaning: 'one pair; the key is lower-cased, pairs are merged one by one',
  },
  zone: { variable: 'SERVICE_ZONE', option: 'zone', meaning: 'where the instance runs, e.g. an availability zone' },
  ttl: { variable: 'SERVICE_TTL', option: 'ttl', meaning: 'how long the entry lives without a heartbeat, e.g. `10s`' },
  registry: {
    variable: 'SERVICE_REGISTRY',
    option: 'registry',
    meaning: `${inCode(registryKinds)}; [to read alone](../discovery/README.md) ${inCode(readOnlyKinds)} too`,
  },
  drain: {
    variable: 'SERVICE_DRAIN',
    option: 'shutdown.drain',
    meaning: '`off`: stops [need no drain](../shutdown/README.md#stop-without-a-drain); `on`: they drain in tests too',
  },
  // Consul's variables, but they set options of the instance itself.
  namespace: { variable: 'CONSUL_NAMESPACE', option: 'namespace', meaning: 'Consul Enterprise namespace' },
  partition: { variable: 'CONSUL_PARTITION', option: 'partition', meaning: 'Consul Enterprise admin partition' },
};

/** Reads the `SERVICE_*` variables, and Consul's namespace and partition. */
export function readServiceEnv(env: Environment = process.env): ServiceEnv {
  const metaVariables = Object.keys(env).filter((variable) => variable.startsWith(metaPrefix));
  const pairs = metaVariables.flatMap((variable) => {
    const value = readVariable(variable, env);
    return value === undefined || isServiceLink(variable, env)
      ? []
      : [[variable.slice(metaPrefix.length).toLowerCase(), value] as const];
  });
  const ours = [...Object.values(serviceVariables).map(({ variable }) => variable), ...metaVariables];
  const serviceLinks = ours.filter((variable) => Object.hasOwn(env, variable) && isServiceLink(variable, env));
  return { ...readVariables(serviceVariables, env), meta: Object.fromEntries(pairs), serviceLinks };
}

/** The whole environment, for the readers beside this file. */
export function wholeEnvironment(): Environment {
  return process.env;
}

/**
 * Reads one variable by its name, without the whitespace around it, which editors and mounted files add. A variable
 * set to nothing counts as not set.
 */
export function readVariable(name: string, env: Environment = process.env): string | undefined {
  const text = env[name];
  return text !== undefined && Object.hasOwn(env, name) ? text.trim() || undefined : undefined;
}

/** The secrets among the variables of all backends, which load at their first use only. */
const secretVariables: readonly string[] = [
  'CONSUL_HTTP_AUTH',
  'CONSUL_HTTP_TOKEN',
  'CONSUL_CLIENT_KEY',
  'ETCDCTL_USER',
  'ETCDCTL_PASSWORD',
  'ETCDCTL_KEY',
  'REDIS_URL',
];

/** Whether a variable is secret, so that its value is never shown, nor filled in for a template. */
export function isSecret(name: string): boolean {
  return secretVariables.includes(name);
}

/** Reads every variable of a table. One that Kubernetes set for a Service counts as not set. */
export function readVariables<Field extends string>(
  table: VariableTable<Field>,
  env: Environment = process.env,
): Record<Field, string | undefined> {
  const fields = Object.keys(table) as Field[];
  const read = fields.map((field) => {
    const { variable } = table[field];
    const text = readVariable(variable, env);
    return [field, text === undefined || isServiceLink(variable, env) ? undefined : text] as const;
  });
  return Object.fromEntries(read) as Record<Field, string | undefined>;
}
