import { closestName } from '../core/closest-name.js';
import type { ConfigIssue } from '../core/errors.js';
import { tlsIssues } from './tls.js';
import type { TlsOptions, TlsPlan } from './tls.js';

const known = [
  'ca',
  'cert',
  'key',
  'serverName',
  'insecureSkipVerify',
] as const satisfies readonly (keyof TlsOptions)[];

/** What the environment says of TLS. */
export interface TlsVariables {
  readonly values: { readonly [Option in keyof TlsOptions]: TlsOptions[Option] | undefined };
  /** The variable that stands behind each option. */
  readonly names: Readonly<Partial<Record<keyof TlsOptions, string>>>;
}

/**
 * How a secure endpoint is trusted, from options and environment; undefined for a plain one, or when something is wrong, which is added to
 * `issues`. Variables say nothing to a plain endpoint, but options that would be ignored are a mistake. `secure`: undefined when not even that is known.
 * `hint`: how to make it secure.
 */
export function resolveTlsOptions(
  options: unknown,
  variables: TlsVariables,
  secure: boolean | undefined,
  issues: ConfigIssue[],
  hint = "begin the endpoint with 'https://'",
): TlsPlan | undefined {
  const given = givenOf(options, issues);
  if (given === undefined) return undefined;
  if (secure !== true) {
    if (secure === false && Object.keys(given).length > 0)
      issues.push({ field: 'tls', value: '(hidden)', allowed: `nothing with a plain endpoint: ${hint}` });
    return undefined;
  }
  // A certificate and its key come from one place.
  const pair =
    given.cert === undefined && given.key === undefined
      ? { cert: variables.values.cert, key: variables.values.key }
      : {};
  const { ca, serverName, insecureSkipVerify } = variables.values;
  const fromEnv = defined({ ca, ...pair, serverName, insecureSkipVerify });
  // A half of a pair is missed where the other one was found.
  const isFromEnv = (option: keyof TlsOptions) =>
    given[option] === undefined &&
    (option in fromEnv || (option in pair && Object.keys(fromEnv).some((name) => name in pair)));
  const names = Object.fromEntries(known.filter(isFromEnv).map((option) => [option, variables.names[option]]));
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
    const meant = closestName(name, known);
    issues.push({
      field: `tls.${name}`,
      value: '(hidden)',
      allowed:
        meant === undefined
          ? `no such option; there are ${known.join(', ')}`
          : `no such option; did you mean \`${meant}\`?`,
    });
  }
  return defined(options);
}

/** An option set to undefined is one not set. */
function defined(options: object): TlsOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
