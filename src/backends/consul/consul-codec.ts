import type { DiscoveredInstance } from '../../contracts/discovery.js';
import type { HealthReport, HealthStatus } from '../../contracts/health-report.js';
import type { CheckTls, RegistryCheck, ServiceInstance } from '../../contracts/service-instance.js';
import type { Entry, EntryCheck, EntryInstance } from '../../contracts/registry.js';
import { probeAdvice } from './consul-probes.js';

/** Meta key of the nonce, by which readers tell one incarnation from another with the same id. */
const NONCE_KEY = 'rollcall_nonce';
/** Prefix of the id of the check with which an operator takes a service out of traffic. */
const SERVICE_MAINTENANCE = '_service_maintenance:';

/** The id of the check that the heartbeat updates. */
export function ttlCheckId(id: string): string {
  return `${id}:ttl`;
}

/**
 * Builds the body of a register request. Check ids are explicit, because the ids that the agent assigns change with
 * the number of checks. Unset fields are left out, because an older agent rejects the whole body for a field it does
 * not know. A check without a status starts critical.
 */
export function encodeInstance(instance: ServiceInstance): object {
  const { name, id, address, port, tags, meta, weights, nonce, ttlMs, checks, deregisterCriticalAfterMs } = instance;
  const reap =
    deregisterCriticalAfterMs === undefined
      ? {}
      : { DeregisterCriticalServiceAfter: goDuration(deregisterCriticalAfterMs) };
  return {
    ID: id,
    Name: name,
    ...(address !== undefined && { Address: address }),
    ...(port !== undefined && { Port: port }),
    Tags: tags,
    Meta: { ...meta, [NONCE_KEY]: nonce },
    ...(weights && { Weights: { Passing: weights.passing, Warning: weights.warning } }),
    Checks: [
      { CheckID: ttlCheckId(id), Name: 'Heartbeat', TTL: goDuration(ttlMs), ...reap },
      ...checks.map((check) => ({ CheckID: `${id}:${check.kind}`, ...encodeCheck(check), ...reap })),
    ],
  };
}

function encodeCheck(check: RegistryCheck): object {
  const timing = {
    Interval: goDuration(check.intervalMs),
    Timeout: goDuration(check.timeoutMs),
    ...(check.seenPassing && { Status: 'passing' }),
  };
  switch (check.kind) {
    case 'http':
      return { Name: `HTTP ${check.url}`, HTTP: check.url, ...encodeTls(check.tls), ...timing };
    case 'tcp':
      return { Name: `TCP ${check.target}`, TCP: check.target, ...timing };
    case 'grpc':
      return { Name: `gRPC ${check.target}`, GRPC: check.target, ...(check.tls && { GRPCUseTLS: true }), ...timing };
  }
}

function encodeTls({ serverName, skipVerify }: CheckTls = {}): object {
  return {
    ...(skipVerify === true && { TLSSkipVerify: true }),
    ...(serverName !== undefined && { TLSServerName: serverName }),
  };
}

/**
 * Builds the body of a heartbeat. The same report gives the same bytes, so an unchanged beat costs Consul's servers
 * no write.
 */
export function encodeReport({ status, reason }: HealthReport): object {
  return { Status: status === 'maintenance' ? 'critical' : status, Output: reason };
}

/** A duration in Go's notation, in whole milliseconds. */
export function goDuration(ms: number): string {
  return ms % 1000 === 0 ? `${String(ms / 1000)}s` : `${String(Math.round(ms))}ms`;
}

/**
 * Decodes the answer of `agent/health/service/id`. Undefined if it has no service. Throws on a shape that is not
 * Consul's.
 */
export function decodeEntry(answer: unknown): Entry | undefined {
  const { AggregatedStatus, Service, Checks } = answer as HealthAnswer;
  if (typeof AggregatedStatus !== 'string') throw new TypeError('it has no AggregatedStatus');
  if (!Service) return undefined;
  const checks = (Checks ?? []).map((check) => decodeCheck(check, Service.ID));
  const heartbeat = checks.find(({ id }) => id === ttlCheckId(Service.ID));
  // Maintenance of the whole node does not count as the entry's own, because it ends with the node's.
  const maintenanceCheck = (Checks ?? []).find(({ CheckID }) => CheckID === `${SERVICE_MAINTENANCE}${Service.ID}`);
  return {
    instance: decodeService(Service),
    status: decodeStatus(AggregatedStatus),
    ...(heartbeat && { heartbeat: heartbeat.status }),
    checks,
    ...(maintenanceCheck && { maintenance: { reason: maintenanceCheck.Notes ?? '' } }),
  };
}

/**
 * Decodes the nonce in the answer of `agent/service`, or of one service in that of `agent/services`. Undefined if there
 * is none. Throws on a shape that is not Consul's.
 */
export function decodeNonce(service: unknown): string | undefined {
  return decodeService(service as ServiceAnswer).nonce;
}

/** Decodes one element of the answer of `health/service`. Throws on a shape that is not Consul's. */
export function decodeInstance(entry: unknown): DiscoveredInstance {
  const { Node, Service, Checks } = entry as CatalogEntry;
  const instance = decodeService(Service);
  const address = instance.address ?? Node?.Address;
  const datacenter = Node?.Datacenter;
  return {
    ...instance,
    ...(address && { address }),
    ...(datacenter && { datacenter }),
    status: worst((Checks ?? []).map((check) => decodeCheck(check, Service.ID).status)),
  };
}

function decodeService({
  ID,
  Service,
  Address,
  Port,
  Tags,
  Meta,
  Weights,
  EnableTagOverride,
}: ServiceAnswer): EntryInstance {
  const { [NONCE_KEY]: nonce, ...meta } = Meta ?? {};
  return {
    name: Service,
    id: ID,
    ...(Address && { address: Address }),
    ...(Port && { port: Port }),
    tags: Tags ?? [],
    meta,
    ...(Weights && { weights: { passing: Weights.Passing, warning: Weights.Warning } }),
    ...(nonce !== undefined && { nonce }),
    ...(EnableTagOverride === true && { tagsOverridable: true }),
  };
}

const probeKinds = ['http', 'tcp', 'grpc'] as const satisfies readonly RegistryCheck['kind'][];

function decodeCheck(check: CheckAnswer, id: string): EntryCheck {
  const status = isMaintenance(check) ? 'maintenance' : decodeStatus(check.Status);
  const kind = probeKinds.find((ours) => check.CheckID === `${id}:${ours}`);
  const output = check.Output ?? '';
  const advice = kind === undefined || status === 'passing' ? undefined : probeAdvice(kind, output);
  return { id: check.CheckID, ...(kind && { kind }), status, output, ...(advice !== undefined && { advice }) };
}

/** True for the critical check, known by its id, that means maintenance: of the service, or of the whole node. */
function isMaintenance({ CheckID }: CheckAnswer): boolean {
  return CheckID.startsWith(SERVICE_MAINTENANCE) || CheckID === '_node_maintenance';
}

function decodeStatus(text: string): HealthStatus {
  return text === 'passing' || text === 'warning' || text === 'maintenance' ? text : 'critical';
}

const bySeverity: readonly HealthStatus[] = ['passing', 'warning', 'critical', 'maintenance'];

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  return bySeverity[Math.max(0, ...statuses.map((status) => bySeverity.indexOf(status)))] ?? 'critical';
}

interface HealthAnswer {
  readonly AggregatedStatus?: string;
  readonly Service?: ServiceAnswer | null;
  readonly Checks?: readonly CheckAnswer[] | null;
}

interface CatalogEntry {
  readonly Node?: { readonly Address?: string; readonly Datacenter?: string };
  readonly Service: ServiceAnswer;
  readonly Checks?: readonly CheckAnswer[] | null;
}

interface ServiceAnswer {
  readonly ID: string;
  readonly Service: string;
  readonly Address?: string;
  readonly Port?: number;
  readonly Tags?: readonly string[] | null;
  readonly Meta?: Readonly<Record<string, string>> | null;
  readonly EnableTagOverride?: boolean;
  readonly Weights?: { readonly Passing: number; readonly Warning: number };
}

interface CheckAnswer {
  readonly CheckID: string;
  readonly Status: string;
  readonly Notes?: string;
  readonly Output?: string;
}
