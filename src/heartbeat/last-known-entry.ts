import { isOwnMaintenance } from '../contracts/health-report.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { Registry, Entry } from '../contracts/registry.js';
import { keyOf } from '../contracts/service-instance.js';
import type { RegistryCheck, ServiceInstance } from '../contracts/service-instance.js';

/** What the registry last said about our entry; it survives a loss. */
export interface LastKnownEntry {
  /** An operator's maintenance. */
  maintenance: HealthReport | undefined;
  /** A Registrar, not an operator, put the entry into maintenance. */
  ownMaintenance: boolean;
  /** Registry-side checks that pass. */
  passing: ReadonlySet<RegistryCheck['kind']>;
  /** The entry fits the address that the registry fills in, as far as that can be known. */
  addressSettled: boolean;
  /** The maintenance is being restored: an entry without it proves nothing yet. */
  restoring: boolean;
}

/** The state before the first read. */
export function unknownEntry(): LastKnownEntry {
  return { maintenance: undefined, ownMaintenance: false, passing: new Set(), addressSettled: false, restoring: false };
}

/** Reads our entry and records what must survive a loss. Undefined when the registry holds none. */
export async function readOwnEntry(
  registry: Registry,
  instance: ServiceInstance,
  lastKnown: LastKnownEntry,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  const entry = await registry.read({ ...keyOf(instance), ttlMs: instance.ttlMs }, signal);
  if (entry?.instance.nonce === instance.nonce) {
    if (!lastKnown.restoring) rememberMaintenance(entry, lastKnown);
    lastKnown.passing = new Set(
      entry.checks.flatMap(({ kind, status }) => (kind !== undefined && status === 'passing' ? [kind] : [])),
    );
  }
  return entry;
}

/** Records an operator's maintenance, which survives a restart; our own ends with the next start. */
export function rememberMaintenance({ maintenance }: Entry, lastKnown: LastKnownEntry): void {
  const isOwn = maintenance !== undefined && isOwnMaintenance(maintenance);
  lastKnown.ownMaintenance = isOwn;
  lastKnown.maintenance =
    maintenance === undefined || isOwn ? undefined : { status: 'maintenance', reason: maintenance.reason };
}
