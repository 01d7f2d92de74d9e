import { consulVariables } from './consul-env.js';
import type { ConsulEnv } from './consul-env.js';
import type { ConfigIssue } from '../../core/errors.js';
import { resolveTlsOptions } from '../../net/tls-options.js';
import type { TlsPlan } from '../../net/tls.js';
import { flagOf } from './consul-endpoint.js';

/**
 * Resolves how an https endpoint is trusted, from options and Consul's variables. Undefined for plain http, and after
 * a problem, which is added to `issues`.
 */
export function secureBy(
  options: unknown,
  env: ConsulEnv,
  protocol: string | undefined,
  issues: ConfigIssue[],
): TlsPlan | undefined {
  const { ca, cert, key, serverName, sslVerify } = consulVariables;
  const secure = protocol === undefined ? undefined : protocol === 'https:';
  const verify = secure === true ? flagOf(sslVerify.variable, env.sslVerify, issues) : undefined;
  const values = {
    ca: env.ca,
    cert: env.cert,
    key: env.key,
    serverName: env.serverName,
    insecureSkipVerify: verify === false ? true : undefined,
  };
  const names = {
    ca: ca.variable,
    cert: cert.variable,
    key: key.variable,
    serverName: serverName.variable,
    insecureSkipVerify: sslVerify.variable,
  };
  return resolveTlsOptions(options, { values, names }, secure, issues);
}
