import type { CheckPlan } from '../config/config.js';
import type { AddressCandidate } from '../contracts/address-candidate.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { AddressNotFoundError } from '../core/errors.js';
import { resolveChecks } from './checks.js';
import type { ListeningServer } from './checks.js';
import { familyOf, loopbackOf, otherFamily, unservedFamily } from './served-family.js';

/**
 * What decides whether the address that the registry fills in will do. Plain data, since heartbeats may come from a
 * worker thread.
 */
export interface SuppliedAddressPlan {
  /** Absent for a service without a server. */
  readonly server: ListeningServer | undefined;
  readonly checks: readonly CheckPlan[];
  readonly candidates: readonly AddressCandidate[];
  /** Addresses of this host to advertise instead, the best first. */
  readonly spare: readonly string[];
}

/** The instance for the address that readers get, and what was changed for it. */
export interface Readdressed {
  /** The given object if nothing has to change. */
  readonly instance: ServiceInstance;
  /** Set when another address is advertised. */
  readonly candidates?: readonly AddressCandidate[];
  readonly warning?: string;
}

/** Whether the address that the registry fills in makes any difference to the entry. */
export function dependsOnSupplied({ server, checks }: Pick<SuppliedAddressPlan, 'server' | 'checks'>): boolean {
  return (
    unservedFamily(server) !== undefined ||
    checks.some((check) => check.kind !== 'http' || check.target.startsWith('/'))
  );
}

/**
 * Makes readers, probes and the server agree: probes go where the registry sends readers. An address of a family that
 * the server does not listen on is replaced by one of this host. Throws `AddressNotFoundError` when there is none.
 */
export function readdress(instance: ServiceInstance, supplied: string, plan: SuppliedAddressPlan): Readdressed {
  const { server, candidates } = plan;
  const unserved = unservedFamily(server);
  if (unserved === undefined || familyOf(supplied) !== unserved) return withProbesAt(instance, supplied, plan);
  const served = otherFamily(unserved);
  const fault = `the server listens only on ${served} (${server?.address ?? ''})`;
  const remedy = 'listen on :: for both families, or set `address` or SERVICE_ADDRESS';
  const address = plan.spare.find((spare) => familyOf(spare) === served);
  if (address === undefined)
    throw new AddressNotFoundError(
      `The registry would send readers to ${supplied}, the address of its agent, but ${fault}, and this host has no ` +
        `${served} address that they reach: ${remedy}.`,
    );
  const chosenBecause = `the registry would fill in ${supplied}, but ${fault}`;
  return {
    instance: { ...instance, address, checks: checksAt(instance, address, plan) },
    candidates: candidates.map((candidate) => {
      if (candidate.source === 'registry') return { ...candidate, address: supplied, chosen: false, reason: fault };
      return candidate.address === address ? { ...candidate, chosen: true, reason: chosenBecause } : candidate;
    }),
    warning:
      `the registry would send readers to ${supplied}, the address of its agent, but ${fault}: ` +
      `advertising ${address} instead; to advertise ${supplied}, ${remedy}`,
  };
}

function withProbesAt(instance: ServiceInstance, supplied: string, plan: SuppliedAddressPlan): Readdressed {
  const { server } = plan;
  if (server !== undefined && instance.port !== server.port) {
    if (instance.checks.length === 0) return { instance };
    return {
      instance,
      warning:
        `the registry probes ${loopbackOf(server)}, port ${String(server.port)}, while readers get ${supplied}, port ` +
        `${String(instance.port)}: a probe does not notice when that way is broken; to probe it, set \`address\` or ` +
        'SERVICE_ADDRESS',
    };
  }
  const checks = checksAt(instance, supplied, plan);
  return JSON.stringify(checks) === JSON.stringify(instance.checks)
    ? { instance }
    : { instance: { ...instance, checks } };
}

function checksAt(
  { port }: ServiceInstance,
  address: string,
  { checks, server }: SuppliedAddressPlan,
): ServiceInstance['checks'] {
  return resolveChecks(checks, { address, port, server }).checks;
}
