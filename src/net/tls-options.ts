import { closestName } from '../core/closest-name.js';
import type { ConfigIssue } from '../core/errors.js';
import { HIDDEN } from '../core/secrets.js';
import { tlsIssues } from './tls.js';
import type { TlsOptions, TlsPlan } from './tls.js';

const known = [
  'ca',
  'cert',
  'key',
  'serverName',
  'insecureSkipVerify',
] as const satisfies readonly (keyof TlsOptions)[];

/** The TLS settings of the environment. */
export interface TlsVariables {
  readonly values: { readonly [Option in keyof TlsOptions]: TlsOptions[Option] | undefined };
  /** The variable that sets each option. */
  readonly names: Readonly<Partial<Record<keyof TlsOptions, string>>>;
}

/**
 * Merges the TLS settings of options and environment for an endpoint. Returns undefined for a plain endpoint and for
 * invalid settings, whose problems it adds to `issues`. A plain endpoint ignores variables, but an option for it is a
 * mistake. `secure` is undefined when the endpoint itself is invalid. `hint` says how to make the endpoint secure.
 */
export function resolveTlsOptions(
  options: unknown,
  variables: TlsVariables,
  secure: boolean | undefined,
  issues: ConfigIssue[],
  hint = "begin the endpoint with 'https://'",
): TlsPlan | undefined {
  const explicit = explicitOptions(options, issues);
  if (explicit === undefined) return undefined;
  if (secure !== true) {
    if (secure === false && Object.keys(explicit).length > 0)
      issues.push({ field: 'tls', value: HIDDEN, allowed: `nothing with a plain endpoint: ${hint}` });
    return undefined;
  }
  // A certificate and its key come from the same source.
  const pair =
    explicit.cert === undefined && explicit.key === undefined
      ? { cert: variables.values.cert, key: variables.values.key }
      : {};
  const { ca, serverName, insecureSkipVerify } = variables.values;
  const fromEnv = defined({ ca, ...pair, serverName, insecureSkipVerify });
  // If only one of certificate and key is set, the missing one is reported under its variable's name too.
  const isFromEnv = (option: keyof TlsOptions) =>
    explicit[option] === undefined &&
    (option in fromEnv || (option in pair && Object.keys(fromEnv).some((name) => name in pair)));
  const names = Object.fromEntries(known.filter(isFromEnv).map((option) => [option, variables.names[option]]));
  const plan: TlsPlan = { ...fromEnv, ...explicit, names };
  const found = tlsIssues(plan);
  issues.push(...found);
  return found.length > 0 ? undefined : plan;
}

/** The options that are set; undefined when they are not an object. Adds unknown names to `issues`. */
function explicitOptions(options: unknown, issues: ConfigIssue[]): TlsOptions | undefined {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    issues.push({ field: 'tls', value: HIDDEN, allowed: `an object with ${known.join(', ')}` });
    return undefined;
  }
  for (const name of Object.keys(options).filter((option) => !known.some((each) => each === option))) {
    const meant = closestName(name, known);
    issues.push({
      field: `tls.${name}`,
      value: HIDDEN,
      allowed:
        meant === undefined
          ? `no such option; there are ${known.join(', ')}`
          : `no such option; did you mean \`${meant}\`?`,
    });
  }
  return defined(options);
}

/** Drops the options that are set to undefined. */
function defined(options: object): TlsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
