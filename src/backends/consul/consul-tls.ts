import { consulVariables } from '../../config/env.js';
import type { ConsulEnv } from '../../config/env.js';
import { nearest } from '../../config/nearest.js';
import type { ConfigIssue } from '../../errors.js';
import { tlsIssues } from '../../resilience/tls.js';
import type { TlsOptions, TlsPlan } from '../../resilience/tls.js';
import { flagOf } from './consul-endpoint.js';

const known = ['ca', 'cert', 'key', 'serverName', 'insecureSkipVerify'] as const satisfies readonly (keyof TlsOptions)[];

/**
 * How an https endpoint is trusted, from options and environment; undefined for plain http, or when something is wrong, which is
 * added to `issues`. Consul's variables say nothing to an http endpoint, but options that would be ignored are a mistake.
 */
export function secureBy(options: unknown, env: ConsulEnv, protocol: string | undefined, issues: ConfigIssue[]): TlsPlan | undefined {
  const given = givenOf(options, issues);
  if (given === undefined) return undefined;
  if (protocol !== 'https:') {
    if (protocol !== undefined && Object.keys(given).length > 0) issues.push({ field: 'tls', value: '(hidden)', allowed: "nothing with an http endpoint: begin the endpoint with 'https://'" });
    return undefined;
  }
  const verify = flagOf(consulVariables.sslVerify.variable, env.sslVerify, issues);
  // A certificate and its key come from one place.
  const pair = given.cert === undefined && given.key === undefined ? { cert: env.cert, key: env.key } : {};
  const fromEnv = defined({ ca: env.ca, ...pair, serverName: env.serverName, ...(verify === false && { insecureSkipVerify: true }) });
  const variables = { ca: consulVariables.ca, cert: consulVariables.cert, key: consulVariables.key, serverName: consulVariables.serverName, insecureSkipVerify: consulVariables.sslVerify };
  // A half of a pair is missed where the other one was found.
  const isFromEnv = (option: keyof TlsOptions) => given[option] === undefined && (option in fromEnv || (option in pair && Object.keys(fromEnv).some((name) => name in pair)));
  const names = Object.fromEntries(known.filter(isFromEnv).map((option) => [option, variables[option].variable]));
  const plan: TlsPlan = { ...fromEnv, ...given, names };
  const found = tlsIssues(plan);
  issues.push(...found);
  return found.length > 0 ? undefined : plan;
}

function givenOf(options: unknown, issues: ConfigIssue[]): TlsOptions | undefined {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    issues.push({ field: 'tls', value: '(hidden)', allowed: `an object with ${known.join(', ')}` });
    return undefined;
  }
  for (const name of Object.keys(options).filter((option) => !known.some((each) => each === option))) {
    const meant = nearest(name, known);
    issues.push({ field: `tls.${name}`, value: '(hidden)', allowed: meant === undefined ? `no such option; there are ${known.join(', ')}` : `no such option; did you mean \`${meant}\`?` });
  }
  return defined(options);
}

/** An option set to undefined is one not set. */
function defined(options: object): TlsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
