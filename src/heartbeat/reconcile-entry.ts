import type { ServiceInstance } from '../contracts/service-instance.js';
import type { ActiveRegistration } from './active-registration.js';
import { hasStaleCredentials } from './active-registration.js';
import type { HeartbeatPlan } from './heartbeat-plan.js';
import { readOwnEntry } from './last-known-entry.js';
import type { OwnMaintenance } from './own-maintenance.js';
import type { Reconciler } from './reconciler.js';
import { isLoss, lost, taken } from './registration-lost.js';

export interface EntryReconciliation {
  readonly plan: HeartbeatPlan;
  readonly reconciler: Reconciler;
  readonly ownMaintenance: OwnMaintenance;
  /** The desired instance. */
  readonly desired: () => ServiceInstance;
  /** Called when the registry accepted the instance. */
  readonly onWritten: (instance: ServiceInstance) => void;
  /** Called when a read or write failed; the next beat tries again. */
  readonly onFailed: (error: unknown) => void;
  /** Called before a write, so that no earlier heartbeat overtakes it. */
  readonly beforeWrite: () => void;
}

/**
 * Reads the entry and rewrites it where it differs. Runs after a beat and beside the next ones. A failure is retried
 * after a later beat. Rejects only when the entry is gone or no longer ours.
 */
export async function reconcileEntry(
  work: EntryReconciliation,
  active: ActiveRegistration,
  signal: AbortSignal,
): Promise<void> {
  if (!isDue(work, active)) return;
  try {
    // Read before every write: the entry may have been taken or put into maintenance meanwhile.
    const drifted = await look(work, active, signal);
    const desired = work.desired();
    if (drifted || active.instance !== desired || hasStaleCredentials(active))
      await write(work, active, desired, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isLoss(error)) throw error;
    work.reconciler.news();
    work.onFailed(error);
  }
}

function isDue(work: EntryReconciliation, active: ActiveRegistration): boolean {
  return (
    work.reconciler.lookIsDue ||
    work.ownMaintenance.isDue ||
    hasUnseenProbes(work) ||
    active.instance !== work.desired() ||
    hasStaleCredentials(active)
  );
}

/**
 * Every beat reads until each registry-side check was seen passing, since a loss may come before the next long poll.
 */
function hasUnseenProbes({ plan, desired }: EntryReconciliation): boolean {
  const { machine, registry, lastKnown } = plan;
  return (
    registry.traits.probes === true &&
    machine.state === 'registered' &&
    desired().checks.some(({ kind }) => !lastKnown.passing.has(kind))
  );
}

/**
 * Also aligns maintenance. Resolves to true when the entry must be written again; rejects when it is gone or not
 * ours.
 */
async function look(
  { plan, reconciler, ownMaintenance }: EntryReconciliation,
  active: ActiveRegistration,
  signal: AbortSignal,
): Promise<boolean> {
  const { registry, lastKnown } = plan;
  reconciler.looked();
  const entry = await readOwnEntry(registry, active.instance, lastKnown, signal);
  if (entry === undefined) throw lost(registry.name, 'as a look at it showed');
  if (entry.instance.nonce !== active.instance.nonce) throw taken(registry.name, active.instance.id);
  await ownMaintenance.uphold(entry, active.instance, signal);
  return reconciler.mustRepair(active.instance, entry, registry.traits.probes === true);
}

/** Overwrites the existing entry; its health and maintenance stay. */
async function write(
  { plan, ownMaintenance, onWritten, beforeWrite }: EntryReconciliation,
  active: ActiveRegistration,
  instance: ServiceInstance,
  signal: AbortSignal,
): Promise<void> {
  const { registry, report, events } = plan;
  const hadStaleCredentials = hasStaleCredentials(active);
  beforeWrite();
  active.registration = await registry.register(instance, report(), signal);
  signal.throwIfAborted();
  active.instance = instance;
  if (hadStaleCredentials) {
    await ownMaintenance.rewrite(instance, signal);
    events.emit('rotated', { holder: active.registration.holder() });
  }
  onWritten(instance);
}
