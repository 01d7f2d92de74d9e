import { isOwnMaintenance } from '../contracts/health-report.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { Registry, Entry } from '../contracts/registry.js';
import { keyOf } from '../contracts/service-instance.js';
import type { RegistryCheck, ServiceInstance } from '../contracts/service-instance.js';

/** What the registry said of our entry when it last held it; it outlives a loss. */
export interface LastKnownEntry {
  /** An operator's. */
  maintenance: HealthReport | undefined;
  /** The entry is in maintenance by a Registrar's own doing. */
  ownMaintenance: boolean;
  /** Probes of the registry that pass. */
  passing: ReadonlySet<RegistryCheck['kind']>;
  /** The maintenance is being written again: an entry without it says nothing yet. */
  restoring: boolean;
}

/** Nothing is known yet. */
export function unknownEntry(): LastKnownEntry {
  return { maintenance: undefined, ownMaintenance: false, passing: new Set(), restoring: false };
}

/** Reads our entry and remembers what has to outlive it. Undefined when the registry does not hold us. */
export async function readOwnEntry(
  registry: Registry,
  instance: ServiceInstance,
  lastKnown: LastKnownEntry,
  signal: AbortSignal,
): Promise<Entry | undefined> {
  const entry = await registry.read(keyOf(instance), signal);
  if (entry?.instance.nonce === instance.nonce) {
    if (!lastKnown.restoring) rememberMaintenance(entry, lastKnown);
    lastKnown.passing = new Set(
      entry.checks.flatMap(({ kind, status }) => (kind !== undefined && status === 'passing' ? [kind] : [])),
    );
  }
  return entry;
}

/** An operator's maintenance is of the slot, and outlives a restart as well; our own ends with the next life. */
export function rememberMaintenance({ maintenance }: Entry, lastKnown: LastKnownEntry): void {
  const isOwn = maintenance !== undefined && isOwnMaintenance(maintenance);
  lastKnown.ownMaintenance = isOwn;
  lastKnown.maintenance =
    maintenance === undefined || isOwn ? undefined : { status: 'maintenance', reason: maintenance.reason };
}
