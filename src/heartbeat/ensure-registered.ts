import { removeEntry } from './stale-entries.js';
import { readOwnEntry, rememberMaintenance } from './last-known-entry.js';
import type { LastKnownEntry } from './last-known-entry.js';
import type { ActiveRegistration } from './active-registration.js';
import type { Clock } from '../core/clock.js';
import type { HealthReport } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { isSameSlot } from '../instance/slot.js';
import type { Registration, Registry } from '../contracts/registry.js';
import type { IdConflictDetector } from './id-conflict.js';

/** What getting listed needs. */
export interface EnsurePlan {
  readonly registry: Registry;
  readonly idConflict: IdConflictDetector;
  readonly clock: Clock;
  readonly report: () => HealthReport;
  readonly previous: ActiveRegistration | undefined;
  readonly lastKnown: LastKnownEntry;
  /** Told the instance with an id that is free, before it is written; answers with what is wanted by now. */
  readonly onFree: (instance: ServiceInstance) => ServiceInstance;
}

/**
 * Gets a receipt for our entry: at first, and after every loss. Looks first, since registering again restarts the
 * registry's clocks and would hide a dead heartbeat; writes only what is missing; restores an operator's maintenance with
 * it, before any beat says that we pass. Throws `IdConflictError` while another instance holds the id.
 */
export async function ensureRegistered(
  wanted: ServiceInstance,
  plan: EnsurePlan,
  signal: AbortSignal,
): Promise<{ instance: ServiceInstance; registration: Registration }> {
  const { registry, previous, lastKnown } = plan;
  const entry = await readOwnEntry(registry, wanted, lastKnown, signal);
  const instance = plan.onFree(plan.idConflict.check(entry, wanted, plan.clock.now()));
  const stillOurs =
    entry?.instance.nonce === instance.nonce &&
    previous?.instance === instance &&
    !previous.refused &&
    !lastKnown.restoring;
  if (stillOurs) return { instance, registration: previous.registration };
  if (entry?.instance.id === instance.id && entry.instance.nonce !== instance.nonce) {
    rememberMaintenance(entry, lastKnown);
    if (isSameSlot(entry.instance, instance)) {
      // Written over, it would keep the checks that our past self had and we have not.
      await removeEntry(registry, keyOf(instance), entry, signal);
      lastKnown.ownMaintenance = false;
      plan.idConflict.replaced(plan.clock.now());
    }
  }
  const report = lastKnown.maintenance ?? plan.report();
  lastKnown.restoring = lastKnown.maintenance !== undefined;
  const registration = await registry.register(withProbesSeen(instance, lastKnown), report, signal);
  lastKnown.restoring = false;
  if (report.status === 'maintenance' && lastKnown.maintenance === undefined) lastKnown.ownMaintenance = true;
  return { instance, registration };
}

/** Without this an entry that is written again would stay critical until the registry's next probe. */
function withProbesSeen(instance: ServiceInstance, { passing }: LastKnownEntry): ServiceInstance {
  return {
    ...instance,
    checks: instance.checks.map((check) => (passing.has(check.kind) ? { ...check, seenPassing: true } : check)),
  };
}
