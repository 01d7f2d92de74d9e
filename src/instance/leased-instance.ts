import type { DepartureRequest } from '../contracts/departure.js';
import type { DiscoveredInstance } from '../contracts/discovery.js';
import { isNotServing, ownMaintenance } from '../contracts/health-report.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { Entry } from '../contracts/registry.js';
import type { ServiceInstance } from '../contracts/service-instance.js';

/**
 * An instance as stored in a registry without health logic. Follows the rules of a Consul agent, so that a service
 * behaves the same on every registry.
 */
export interface LeasedInstance {
  readonly instance: ServiceInstance;
  /** The report of the last heartbeat; critical before the first. */
  readonly beat: HealthReport;
  /** Heartbeats and registrations keep it: only `maintain` ends it. */
  readonly maintenance?: { readonly reason: string };
}

/** Validates a parsed JSON value; undefined when it is not a leased instance. */
export function leasedFrom(value: unknown): LeasedInstance | undefined {
  const { instance, beat } = (value ?? {}) as { instance?: unknown; beat?: unknown };
  const { name, id, nonce, ttlMs, tags, meta } = (instance ?? {}) as Record<string, unknown>;
  const { status, reason } = (beat ?? {}) as Record<string, unknown>;
  const isValid =
    [name, id, nonce, status, reason].every((text) => typeof text === 'string') &&
    typeof ttlMs === 'number' &&
    Array.isArray(tags) &&
    typeof meta === 'object';
  return isValid ? (value as LeasedInstance) : undefined;
}

/** The state after a registration: the same incarnation keeps its last heartbeat, a new one starts critical. */
export function registered(
  instance: ServiceInstance,
  report: HealthReport,
  before: LeasedInstance | undefined,
): LeasedInstance {
  const beat =
    before?.instance.nonce === instance.nonce
      ? before.beat
      : { status: 'critical' as const, reason: 'no heartbeat yet' };
  const maintenance = before?.maintenance ?? (report.status === 'maintenance' ? { reason: report.reason } : undefined);
  return { instance, beat, ...(maintenance && { maintenance }) };
}

/** The state after maintenance was ended (`reason` undefined) or set, which keeps the reason of an earlier one. */
export function maintained(
  { instance, beat, maintenance }: LeasedInstance,
  reason: string | undefined,
): LeasedInstance {
  return { instance, beat, ...(reason !== undefined && { maintenance: maintenance ?? { reason } }) };
}

/** The state after a heartbeat. */
export function renewed(leased: LeasedInstance, { status, reason }: HealthReport): LeasedInstance {
  return { ...leased, beat: { status: status === 'maintenance' ? 'critical' : status, reason } };
}

/** True if readers may send traffic to the instance. */
export function isInTraffic({ beat, maintenance }: LeasedInstance): boolean {
  return !isNotServing(beat) && maintenance === undefined;
}

/** The state after the end of the process under this policy; undefined when nothing stays. */
export function departed(leased: LeasedInstance, policy: DepartureRequest['policy']): LeasedInstance | undefined {
  switch (policy) {
    case 'deregister':
      return undefined;
    case 'maintenance':
      return maintained(leased, ownMaintenance('stopped').reason);
    case 'critical':
      return renewed(leased, { status: 'critical', reason: 'stopped' });
  }
}

/** The entry that `Registry.read` returns. */
export function toEntry(leased: LeasedInstance, expired: boolean): Entry {
  const { instance, beat, maintenance } = leased;
  const status = expired ? 'critical' : beat.status;
  const output = expired ? 'no heartbeat within the TTL' : beat.reason;
  return {
    instance: published(instance),
    status: maintenance === undefined ? status : 'maintenance',
    checks: [{ id: `${instance.id}:ttl`, status, output }],
    ...(maintenance && { maintenance }),
  };
}

/** The instance that readers get while the lease is valid. */
export function toDiscovered({ instance, beat, maintenance }: LeasedInstance): DiscoveredInstance {
  return { ...published(instance), status: maintenance === undefined ? beat.status : 'maintenance' };
}

function published({
  name,
  id,
  address,
  port,
  tags,
  meta,
  weights,
  nonce,
}: ServiceInstance): Omit<DiscoveredInstance, 'status'> {
  return {
    name,
    id,
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
    tags: [...tags],
    meta: { ...meta },
    ...(weights && { weights }),
    nonce,
  };
}
