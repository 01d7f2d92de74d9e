import type { ServiceInstance } from '../contracts/service-instance.js';
import { withDeadline } from '../core/deadline.js';
import type { ActiveRegistration } from './active-registration.js';
import { hasStaleCredentials } from './active-registration.js';
import type { HeartbeatPlan } from './heartbeat-plan.js';
import { readOwnEntry } from './last-known-entry.js';
import type { OwnMaintenance } from './own-maintenance.js';
import type { Reconciler } from './reconciler.js';
import { isLoss, lost, taken } from './registration-lost.js';
import { beatDeadlineMs } from './schedule.js';

export interface EntryReconciliation {
  readonly plan: HeartbeatPlan;
  readonly reconciler: Reconciler;
  readonly ownMaintenance: OwnMaintenance;
  /** What the entry should say. */
  readonly desired: () => ServiceInstance;
  /** The registry has accepted it. */
  readonly onWritten: (instance: ServiceInstance) => void;
  /** A look or a write failed; the next beat tries again. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Looks at the entry and writes it where it differs from what it should say. Runs after a beat and within the time of
 * one, so that no beat is missed for it. What fails is tried again after a later beat. Rejects only when the entry is
 * gone or no longer ours.
 */
export async function reconcileEntry(
  work: EntryReconciliation,
  held: ActiveRegistration,
  signal: AbortSignal,
): Promise<void> {
  if (!isDue(work, held)) return;
  const { clock, registry, intervalMs } = work.plan;
  const what = { registry: registry.name, operation: 'reconciling the entry' };
  try {
    await withDeadline(clock, beatDeadlineMs(intervalMs), what, signal, async (bounded) => {
      // Never written without a look: it may have been taken, or put into maintenance, since the last one.
      const drifted = await look(work, held, bounded);
      const desired = work.desired();
      if (drifted || held.instance !== desired || hasStaleCredentials(held)) await write(work, held, desired, bounded);
    });
  } catch (error) {
    signal.throwIfAborted();
    if (isLoss(error)) throw error;
    work.reconciler.news();
    work.onFailed(error);
  }
}

function isDue(work: EntryReconciliation, held: ActiveRegistration): boolean {
  return (
    work.reconciler.lookIsDue ||
    work.ownMaintenance.isDue ||
    hasUnseenProbes(work) ||
    held.instance !== work.desired() ||
    hasStaleCredentials(held)
  );
}

/** Every beat looks until each probe of the registry was seen passing: a loss may come before the next long poll. */
function hasUnseenProbes({ plan, desired }: EntryReconciliation): boolean {
  const { machine, registry, lastKnown } = plan;
  return (
    registry.traits.probes === true &&
    machine.state === 'registered' &&
    desired().checks.some(({ kind }) => !lastKnown.passing.has(kind))
  );
}

/** Keeps the maintenance right. True when the entry has to be written again; rejects when it is gone or not ours. */
async function look(
  { plan, reconciler, ownMaintenance }: EntryReconciliation,
  held: ActiveRegistration,
  signal: AbortSignal,
): Promise<boolean> {
  const { registry, lastKnown } = plan;
  reconciler.looked();
  const entry = await readOwnEntry(registry, held.instance, lastKnown, signal);
  if (entry === undefined) throw lost(registry.name, 'as a look at it showed');
  if (entry.instance.nonce !== held.instance.nonce) throw taken(registry.name, held.instance.id);
  await ownMaintenance.uphold(entry, held.instance, signal);
  return reconciler.mustRepair(held.instance, entry, registry.traits.probes === true);
}

/** Writes over an entry that is there; its health and maintenance stay as they are. */
async function write(
  { plan, ownMaintenance, onWritten }: EntryReconciliation,
  held: ActiveRegistration,
  instance: ServiceInstance,
  signal: AbortSignal,
): Promise<void> {
  const { registry, report, events } = plan;
  const hadStaleCredentials = hasStaleCredentials(held);
  held.registration = await registry.register(instance, report(), signal);
  signal.throwIfAborted();
  held.instance = instance;
  if (hadStaleCredentials) {
    await ownMaintenance.rewrite(instance, signal);
    events.emit('rotated', { holder: held.registration.holder() });
  }
  onWritten(instance);
}
