import { readVariables, serviceVariables } from '../../config/env.js';
import type { Environment, VariableTable } from '../../config/env.js';

/** How to reach Consul, from the variables that Consul's own tools read. */
export interface ConsulEnv {
  readonly address: string | undefined;
  readonly auth: string | undefined;
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

/** Consul's variables, and the options that they stand for. */
export const consulVariables: VariableTable<keyof ConsulEnv> = {
  address: {
    variable: 'CONSUL_HTTP_ADDR',
    option: 'consul({ endpoints })',
    meaning: 'the agent, as `host:port`, a URL or `unix:///path`',
  },
  auth: {
    variable: 'CONSUL_HTTP_AUTH',
    option: 'consul({ endpoints })',
    meaning: '`user:password` for HTTP basic authentication, where the endpoint has none',
  },
  token: { variable: 'CONSUL_HTTP_TOKEN', option: 'consul({ token })', meaning: 'ACL token' },
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
  key: { variable: 'CONSUL_CLIENT_KEY', option: 'consul({ tls })', meaning: '`key`, likewise' },
  serverName: { variable: 'CONSUL_TLS_SERVER_NAME', option: 'consul({ tls })', meaning: '`serverName`' },
  namespace: serviceVariables.namespace,
  partition: serviceVariables.partition,
};

/** Reads Consul's own variables. An empty variable counts as not set. */
export function readConsulEnv(env?: Environment): ConsulEnv {
  return readVariables(consulVariables, env);
}
