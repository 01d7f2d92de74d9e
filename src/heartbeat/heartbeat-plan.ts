import type { Clock } from '../core/clock.js';
import type { DriftPolicy, IdConflictPolicy } from '../contracts/policies.js';
import type { HealthReport } from '../contracts/health-report.js';
import type { StateMachine } from '../telemetry/state-machine.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';
import type { Events } from '../telemetry/events.js';
import type { Semaphore } from '../core/semaphore.js';
import type { SuppliedAddressPlan } from '../instance/supplied-address.js';
import type { LastKnownEntry } from './last-known-entry.js';
import type { BatchWatcher } from './batch-watcher.js';
import type { Loss } from './registration-tracker.js';

/** What a heartbeat works with. */
export interface HeartbeatPlan {
  readonly registry: GuardedRegistry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly polls: Semaphore;
  readonly batchWatcher: BatchWatcher;
  /** What is known about the entry from before, and a loss without recovery yet. */
  readonly lastKnown: LastKnownEntry;
  readonly loss?: Loss;
  readonly events: Events;
  /** Absent when the instance has an address of its own. */
  readonly suppliedAddress?: SuppliedAddressPlan | undefined;
  readonly machine: StateMachine;
  readonly report: () => HealthReport;
  readonly intervalMs: number;
  /** The slot as a share of the interval, 0 to 1. */
  readonly phase: number;
  readonly onIdConflict: IdConflictPolicy;
  readonly drift: DriftPolicy;
  /** False: a lost registration is not written again. */
  readonly recover: boolean;
}
