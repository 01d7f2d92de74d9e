import type { CheckPlan } from '../config/config.js';
import { ConfigError } from '../core/errors.js';
import type { ConfigIssue } from '../core/errors.js';
import { hostPort, isIpLiteral } from '../net/ip-address.js';
import { loopbackOf } from './served-family.js';
import type { RegistryCheck } from '../contracts/service-instance.js';

/** Address, port and protocol of the app's server. `h2`: HTTP/2 over TLS; `h2c`: HTTP/2 without TLS. */
export interface ListeningServer {
  readonly address: string;
  readonly port: number;
  /** Listens on `::` and takes no IPv4 connections. @default false */
  readonly isIpv6Only?: boolean;
  readonly protocol: 'http' | 'https' | 'h2c' | 'h2' | 'tcp';
}

/** What determines the targets of checks. */
export interface CheckPlace {
  /** The advertised address; undefined: the agent's host. */
  readonly address: string | undefined;
  /** The advertised port. */
  readonly port: number | undefined;
  readonly server: ListeningServer | undefined;
}

type Resolution = { readonly check: RegistryCheck; readonly note?: string } | { readonly issue: ConfigIssue };

/**
 * Resolves every configured check to an absolute target. Throws one `ConfigError` that lists each check that this
 * service cannot answer; `notes` lists those that will probably fail.
 */
export function resolveChecks(
  plans: readonly CheckPlan[],
  place: CheckPlace,
): { checks: RegistryCheck[]; notes: string[] } {
  const resolutions = plans.map((plan) => resolveCheck(plan, place));
  const issues = resolutions.flatMap((each) => ('issue' in each ? [each.issue] : []));
  if (issues.length > 0) throw new ConfigError(issues);
  return {
    checks: resolutions.flatMap((each) => ('check' in each ? [each.check] : [])),
    notes: resolutions.flatMap((each) => ('check' in each && each.note !== undefined ? [each.note] : [])),
  };
}

function resolveCheck(plan: CheckPlan, place: CheckPlace): Resolution {
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

function resolveHttp(
  plan: CheckPlan & { kind: 'http' },
  { server }: CheckPlace,
  target: Target | undefined,
): Resolution {
  const { intervalMs, timeoutMs, tls } = plan;
  const checkOf = (url: string): Resolution => {
    if (tls !== undefined && !url.startsWith('https:'))
      return {
        issue: { field: 'checks.http.tls', value: url, allowed: 'unset for a check over plain http' },
      };
    return { check: { kind: 'http', url, ...(tls && { tls }), intervalMs, timeoutMs } };
  };
  if (!plan.target.startsWith('/')) return checkOf(plan.target);
  const refuse = (allowed: string): Resolution => ({ issue: { field: 'checks.http', value: plan.target, allowed } });
  if (server === undefined || target === undefined) return refuse('a path needs a bound server; give an absolute URL');
  if (server.protocol === 'h2c') return refuse('no registry checks HTTP/2 without TLS; use `checks: { tcp: true }`');
  if (server.protocol === 'tcp') return refuse('the bound server does not speak HTTP; use `checks: { tcp: true }`');
  const isSecure = server.protocol !== 'http';
  const url = `${isSecure ? 'https' : 'http'}://${target.hostPort}${plan.target}`;
  const resolution = checkOf(url);
  const isTlsConfigured = tls?.serverName !== undefined || tls?.skipVerify === true;
  if ('issue' in resolution || !isSecure || isTlsConfigured || !isIpLiteral(target.host)) return resolution;
  const remedy =
    'set `address` or `checks.http.tls.serverName` to a name in the certificate, or use `checks: { tcp: true }`';
  return {
    ...resolution,
    note: `the registry's check of ${url} fails unless the certificate contains ${target.host}: ${remedy}`,
  };
}

function withoutPort(kind: 'tcp' | 'grpc'): Resolution {
  return {
    issue: {
      field: `checks.${kind}`,
      value: true,
      allowed: 'a check with a port: bind a server, or set `port` or SERVICE_PORT',
    },
  };
}

interface Target {
  readonly host: string;
  readonly hostPort: string;
}

/**
 * Checks use the advertised address. Without one, the agent is on this host and checks the port that the server listens
 * on.
 */
function targetOf({ address, port, server }: CheckPlace): Target | undefined {
  const host = address ?? loopbackOf(server);
  const reachable = address === undefined ? (server?.port ?? port) : port;
  return reachable === undefined ? undefined : { host, hostPort: hostPort(host, reachable) };
}
