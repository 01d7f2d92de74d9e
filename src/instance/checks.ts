import type { CheckPlan } from '../config/config.js';
import { ConfigError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { hostPort, isIpLiteral } from '../net/ip-address.js';
import type { RegistryCheck } from '../contracts/service-instance.js';

/** Where and how the host's server listens. `h2`: HTTP/2 over TLS; `h2c`: HTTP/2 in the clear. */
export interface ListeningServer {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'http' | 'https' | 'h2c' | 'h2' | 'tcp';
}

/** Where the registry finds what it is to probe. */
export interface CheckPlace {
  /** The advertised address; undefined: the agent's own host. */
  readonly address: string | undefined;
  /** The advertised port. */
  readonly port: number | undefined;
  readonly server: ListeningServer | undefined;
}

type Outcome = { readonly check: RegistryCheck; readonly note?: string } | { readonly issue: ConfigIssue };

/**
 * Gives every planned check its absolute target. Throws one `ConfigError` that names each check this service cannot answer;
 * `notes` name those that may well fail.
 */
export function resolveChecks(
  plans: readonly CheckPlan[],
  place: CheckPlace,
): { checks: RegistryCheck[]; notes: string[] } {
  const outcomes = plans.map((plan) => resolveCheck(plan, place));
  const issues = outcomes.flatMap((outcome) => ('issue' in outcome ? [outcome.issue] : []));
  if (issues.length > 0) throw new ConfigError(issues);
  return {
    checks: outcomes.flatMap((outcome) => ('check' in outcome ? [outcome.check] : [])),
    notes: outcomes.flatMap((outcome) => ('check' in outcome && outcome.note !== undefined ? [outcome.note] : [])),
  };
}

function resolveCheck(plan: CheckPlan, place: CheckPlace): Outcome {
  const { intervalMs, timeoutMs } = plan;
  const target = targetOf(place);
  switch (plan.kind) {
    case 'http':
      return resolveHttp(plan, place, target);
    case 'tcp':
      if (target === undefined) return withoutPort('tcp');
      return { check: { kind: 'tcp', target: target.hostPort, intervalMs, timeoutMs } };
    case 'grpc': {
      if (target === undefined) return withoutPort('grpc');
      const service = plan.service === '' ? '' : `/${plan.service}`;
      return { check: { kind: 'grpc', target: target.hostPort + service, tls: plan.tls, intervalMs, timeoutMs } };
    }
  }
}

function resolveHttp(plan: CheckPlan & { kind: 'http' }, { server }: CheckPlace, target: Target | undefined): Outcome {
  const { intervalMs, timeoutMs, tls } = plan;
  const checkOf = (url: string): Outcome => {
    if (tls !== undefined && !url.startsWith('https:'))
      return {
        issue: { field: 'checks.http.tls', value: url, allowed: 'nothing where what is probed speaks plain http' },
      };
    return { check: { kind: 'http', url, ...(tls && { tls }), intervalMs, timeoutMs } };
  };
  if (!plan.target.startsWith('/')) return checkOf(plan.target);
  const refuse = (allowed: string): Outcome => ({ issue: { field: 'checks.http', value: plan.target, allowed } });
  if (server === undefined || target === undefined) return refuse('a path needs a bound server; give an absolute URL');
  if (server.protocol === 'h2c') return refuse('no registry probes HTTP/2 in the clear; use `checks: { tcp: true }`');
  if (server.protocol === 'tcp') return refuse('the bound server does not speak HTTP; use `checks: { tcp: true }`');
  const isSecure = server.protocol !== 'http';
  const url = `${isSecure ? 'https' : 'http'}://${target.hostPort}${plan.target}`;
  const outcome = checkOf(url);
  const isTaken = tls?.serverName !== undefined || tls?.skipVerify === true;
  if ('issue' in outcome || !isSecure || isTaken || !isIpLiteral(target.host)) return outcome;
  const remedy =
    'set `address` or `checks.http.tls.serverName` to a name that is in it, or use `checks: { tcp: true }`';
  return {
    ...outcome,
    note: `the registry will probe ${url} and fail unless the certificate carries ${target.host}: ${remedy}`,
  };
}

function withoutPort(kind: 'tcp' | 'grpc'): Outcome {
  return {
    issue: {
      field: `checks.${kind}`,
      value: true,
      allowed: 'needs a port: bind a server, or set `port` or SERVICE_PORT',
    },
  };
}

interface Target {
  readonly host: string;
  readonly hostPort: string;
}

/** One address feeds readers and probes alike. Without one the agent is on this host and probes the port the server really listens on. */
function targetOf({ address, port, server }: CheckPlace): Target | undefined {
  const host = address ?? '127.0.0.1';
  const reachable = address === undefined ? (server?.port ?? port) : port;
  return reachable === undefined ? undefined : { host, hostPort: hostPort(host, reachable) };
}
