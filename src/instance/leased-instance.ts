import type { DepartureRequest } from '../contracts/departure.js';
import type { DiscoveredInstance } from '../contracts/discovery.js';
import { isNotServing, ownMaintenance } from '../contracts/health-report.js';
import type { HealthReport, HealthStatus } from '../contracts/health-report.js';
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

/**
 * Validates a parsed JSON value; undefined when it is not a leased instance. Others may write where entries are kept,
 * so nothing in it is believed: not the length of the lease, not the status that readers are given.
 */
export function leasedFrom(value: unknown): LeasedInstance | undefined {
  const { instance, beat, maintenance } = fieldsOf(value);
  const { name, id, nonce, ttlMs, tags, meta, address, port, weights, deregisterCriticalAfterMs } = fieldsOf(instance);
  const { status, reason } = fieldsOf(beat);
  const isValid =
    [name, id, nonce, reason].every(isText) &&
    isText(status) &&
    Object.hasOwn(healthStatuses, status) &&
    isDuration(ttlMs) &&
    Array.isArray(tags) &&
    tags.every(isText) &&
    isObject(meta) &&
    Object.values(meta).every(isText) &&
    isAbsentOr(isText, address) &&
    isAbsentOr(isPort, port) &&
    isAbsentOr(isWeights, weights) &&
    isAbsentOr(isDuration, deregisterCriticalAfterMs) &&
    isAbsentOr((one) => isText(fieldsOf(one).reason), maintenance);
  return isValid ? (value as LeasedInstance) : undefined;
}

const healthStatuses: Readonly<Record<HealthStatus, true>> = {
  passing: true,
  warning: true,
  critical: true,
  maintenance: true,
};
/** Longer than any lease or reaping that an option may ask for. */
const LONGEST_MS = 365 * 24 * 3_600_000;

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isDuration(value: unknown): boolean {
  return typeof value === 'number' && value > 0 && value <= LONGEST_MS;
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
}

function isWeights(value: unknown): boolean {
  const { passing, warning } = fieldsOf(value);
  return Number.isFinite(passing) && Number.isFinite(warning);
}

function isAbsentOr(isRight: (value: unknown) => boolean, value: unknown): boolean {
  return value === undefined || isRight(value);
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
