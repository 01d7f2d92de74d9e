import { isIpLiteral } from '../net/ip-address.js';

/** Where the name of a Service may end in the name of a variable. */
const ends = /_(?=SERVICE_|PORT(?:_|$))/g;
/** The value of `<SERVICE>_PORT`, e.g. `tcp://10.96.3.7:80`. */
const portUrl = /^[a-z]+:\/\//;
/** The most variables that the warning names. */
const MOST_NAMED = 6;

/**
 * Whether Kubernetes set the variable. By default it sets `<SERVICE>_SERVICE_HOST`, `<SERVICE>_PORT` and more in each
 * pod, for each Service of the namespace ("service links"): a Service named `service` sets `SERVICE_PORT`, and the
 * names of others begin with `SERVICE_META_`. A set is recognised by its host and port. The manifest of a pod takes
 * precedence over its links, so a `<SERVICE>_PORT` that is no URL comes from there.
 */
export function isServiceLink(variable: string, env: Readonly<NodeJS.ProcessEnv>): boolean {
  return [...variable.matchAll(ends)].some(({ index }) => {
    const service = variable.slice(0, index);
    if (service === '' || !isLinked(service, env)) return false;
    return variable !== `${service}_PORT` || portUrl.test(env[variable] ?? '');
  });
}

/** The warning about variables that were ignored because they are service links; none if there are none. */
export function serviceLinkWarnings(variables: readonly string[]): string[] {
  if (variables.length === 0) return [];
  const named = variables.slice(0, MOST_NAMED).join(', ');
  const more = variables.length > MOST_NAMED ? ` and ${String(variables.length - MOST_NAMED)} more` : '';
  return [
    `Kubernetes set ${named}${more} for a Service of this namespace, so they say nothing about this service and are ` +
      'ignored: set `enableServiceLinks: false` in the spec of the pod, or rename that Service',
  ];
}

function isLinked(service: string, env: Readonly<NodeJS.ProcessEnv>): boolean {
  const host = env[`${service}_SERVICE_HOST`]?.trim() ?? '';
  const hasPort =
    /^\s*\d+\s*$/.test(env[`${service}_SERVICE_PORT`] ?? '') || portUrl.test(env[`${service}_PORT`] ?? '');
  return hasPort && isIpLiteral(host);
}
