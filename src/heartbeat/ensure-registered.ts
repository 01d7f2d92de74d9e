import { removeEntry } from './stale-entries.js';
import { readOwnEntry, rememberMaintenance } from './last-known-entry.js';
import type { LastKnownEntry } from './last-known-entry.js';
import { settleAddress } from './settle-address.js';
import type { AddressSettlement } from './settle-address.js';
import { hasCode } from '../core/errors.js';
import type { ActiveRegistration } from './active-registration.js';
import type { HealthReport } from '../contracts/health-report.js';
import { keyOf } from '../contracts/service-instance.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { isSameSlot } from '../instance/slot.js';
import type { Registration } from '../contracts/registry.js';
import type { IdConflictDetector } from './id-conflict.js';

/** What `ensureRegistered` works with. */
export interface EnsurePlan extends AddressSettlement {
  readonly idConflict: IdConflictDetector;
  readonly report: () => HealthReport;
  readonly previous: ActiveRegistration | undefined;
  /** Called with the instance under a free id before it is written; returns the instance that is wanted by then. */
  readonly onFree: (instance: ServiceInstance) => ServiceInstance;
  /** Called with the instance that fits the address that readers get, before it is written. */
  readonly onReaddressed: (instance: ServiceInstance) => void;
}

/**
 * Makes sure that our entry exists, at first and after every loss. Reads first, because registering again restarts
 * the registry's timers and would hide a dead heartbeat. Writes only what is missing, and restores an operator's
 * maintenance before any beat reports passing. Throws `IdConflictError` while another instance holds the id, and
 * `AddressNotFoundError` when readers would get an address that the server does not listen on.
 */
export async function ensureRegistered(
  wanted: ServiceInstance,
  plan: EnsurePlan,
  signal: AbortSignal,
): Promise<{ instance: ServiceInstance; registration: Registration }> {
  const { registry, previous, lastKnown } = plan;
  if (previous === undefined) void registry.prepare(wanted, signal);
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
      // Overwriting would keep checks of the previous incarnation that this one does not have.
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
  const settled = await settleAddress(instance, plan, signal).catch(async (error: unknown) => {
    if (hasCode(error, 'ROLLCALL_ADDRESS_NOT_FOUND')) await registration.deregister(signal);
    throw error;
  });
  if (settled === instance) return { instance, registration };
  plan.onReaddressed(settled);
  return { instance: settled, registration: await registry.register(settled, report, signal) };
}

/** Marks the probes that passed: without it, a rewritten entry stays critical until the registry's next probe. */
function withProbesSeen(instance: ServiceInstance, { passing }: LastKnownEntry): ServiceInstance {
  return {
    ...instance,
    checks: instance.checks.map((check) => (passing.has(check.kind) ? { ...check, seenPassing: true } : check)),
  };
}
