import type { Clock } from '../clock.js';
import { hasCode, isRegistrarError } from '../errors.js';
import { isOwnMaintenance } from '../health/report.js';
import type { HealthReport } from '../health/report.js';
import { keyOf } from '../instance/service-instance.js';
import type { InstanceKey, RegistryCheck, ServiceInstance } from '../instance/service-instance.js';
import { isSameSlot } from '../instance/slot.js';
import type { Entry, Registration, Registry } from '../registry/registry.js';
import type { Backoff } from '../resilience/retry.js';
import type { Claim } from './claim.js';

/** An entry of ours in the registry, and what we know of it. */
export interface Held {
  registration: Registration;
  /** What was written. */
  instance: ServiceInstance;
  /** When the last accepted heartbeat was sent; at first, when the registration was. */
  beatAt: number;
  ttlMs: number;
  /** The registry did not know the receipt any more: an entry that is there all the same lacks what heartbeats feed. */
  refused: boolean;
}

/** It was written with credentials that others have taken the place of. */
export function isOutdated({ registration }: Pick<Held, 'registration'>): boolean {
  return registration.outdated?.() ?? false;
}

/** What the registry said of our entry when it last held it; it outlives a loss. */
export interface Remembered {
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
export function nothingRemembered(): Remembered {
  return { maintenance: undefined, ownMaintenance: false, passing: new Set(), restoring: false };
}

/** Reads our entry and remembers what has to outlive it. Undefined when the registry does not hold us. */
export async function look(registry: Registry, instance: ServiceInstance, remembered: Remembered, signal: AbortSignal): Promise<Entry | undefined> {
  const entry = await registry.read(keyOf(instance), signal);
  if (entry?.instance.nonce === instance.nonce) {
    if (!remembered.restoring) rememberMaintenance(entry, remembered);
    remembered.passing = new Set(entry.checks.flatMap(({ kind, status }) => (kind !== undefined && status === 'passing' ? [kind] : [])));
  }
  return entry;
}

/** An operator's maintenance is of the slot, and outlives a restart as well; our own ends with the next life. */
export function rememberMaintenance({ maintenance }: Entry, remembered: Remembered): void {
  const isOwn = maintenance !== undefined && isOwnMaintenance(maintenance);
  remembered.ownMaintenance = isOwn;
  remembered.maintenance = maintenance === undefined || isOwn ? undefined : { status: 'maintenance', reason: maintenance.reason };
}

/** What getting listed needs. */
export interface Enlisting {
  readonly registry: Registry;
  readonly claim: Claim;
  readonly clock: Clock;
  readonly report: () => HealthReport;
  readonly previous: Held | undefined;
  readonly remembered: Remembered;
  /** Told the instance with an id that is free, before it is written; answers with what is wanted by now. */
  readonly onFree: (instance: ServiceInstance) => ServiceInstance;
}

/**
 * Gets a receipt for our entry: at first, and after every loss. Looks first, since registering again restarts the
 * registry's clocks and would hide a dead heartbeat; writes only what is missing; restores an operator's maintenance with
 * it, before any beat says that we pass. Throws `IdConflictError` while another instance holds the id.
 */
export async function obtain(wanted: ServiceInstance, plan: Enlisting, signal: AbortSignal): Promise<{ instance: ServiceInstance; registration: Registration }> {
  const { registry, previous, remembered } = plan;
  const entry = await look(registry, wanted, remembered, signal);
  const instance = plan.onFree(plan.claim.check(entry, wanted, plan.clock.now()));
  const stillOurs = entry?.instance.nonce === instance.nonce && previous?.instance === instance && !previous.refused && !remembered.restoring;
  if (stillOurs) return { instance, registration: previous.registration };
  if (entry?.instance.id === instance.id && entry.instance.nonce !== instance.nonce) {
    rememberMaintenance(entry, remembered);
    if (isSameSlot(entry.instance, instance)) {
      // Written over, it would keep the checks that our past self had and we have not.
      await removeEntry(registry, keyOf(instance), entry, signal);
      remembered.ownMaintenance = false;
      plan.claim.replaced(plan.clock.now());
    }
  }
  const report = remembered.maintenance ?? plan.report();
  remembered.restoring = remembered.maintenance !== undefined;
  const registration = await registry.register(withProbesSeen(instance, remembered), report, signal);
  remembered.restoring = false;
  if (report.status === 'maintenance' && remembered.maintenance === undefined) remembered.ownMaintenance = true;
  return { instance, registration };
}

/** Removes what was read, and nothing that has been written since. */
export function removeEntry(registry: Registry, { nonce: _ours, ...key }: InstanceKey, { instance: { nonce } }: Entry, signal: AbortSignal): Promise<void> {
  return registry.remove({ ...key, ...(nonce !== undefined && { nonce }) }, signal);
}

/** Without this an entry that is written again would stay critical until the registry's next probe. */
function withProbesSeen(instance: ServiceInstance, { passing }: Remembered): ServiceInstance {
  return { ...instance, checks: instance.checks.map((check) => (passing.has(check.kind) ? { ...check, seenPassing: true } : check)) };
}

/** Whoever asks to be left alone for longer does not know what that costs. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** How to wait after a failure: briefly for a registry on this host, patiently for one far away or one that refuses us, as long as it asks for, and never for more than `longestMs`. */
export function backoffFor(error: Error, nearby: boolean, longestMs = Infinity): Backoff {
  const asked = isRegistrarError(error) ? (error.retryAfterMs ?? 0) : 0;
  // Half of a short time is left to the jitter: who was sent away together must not return together.
  const floorMs = Math.min(asked, LONGEST_RETRY_AFTER_MS, longestMs / 2);
  const { firstMs, capMs } = paceFor(error, nearby);
  return { firstMs, capMs: Math.min(capMs, longestMs - floorMs), floorMs };
}

function paceFor(error: Error, nearby: boolean): Backoff {
  if (hasCode(error, 'ROLLCALL_REGISTRY_DENIED') || hasCode(error, 'ROLLCALL_REGISTRY_REJECTED')) return { firstMs: 1_000, capMs: 5_000 };
  if (hasCode(error, 'ROLLCALL_ID_CONFLICT')) return { firstMs: 500, capMs: 1_000 };
  return nearby ? { firstMs: 50, capMs: 250 } : { firstMs: 250, capMs: 5_000 };
}
