import type { Clock } from '../clock.js';
import type { DriftPolicy, IdConflictPolicy } from '../config/options.js';
import type { HealthReport } from '../health/report.js';
import type { Machine } from '../lifecycle/machine.js';
import type { Registry } from '../registry/registry.js';
import type { Events } from '../telemetry/events.js';
import type { Permits } from './permits.js';
import type { Remembered } from './recover.js';
import type { SharedLook } from './shared-look.js';
import type { Loss } from './standing.js';

/** What a heartbeat works with. */
export interface HeartbeatPlan {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly polls: Permits;
  readonly sharedLook: SharedLook;
  /** What is known of the entry from before, and a loss that has not been made good. */
  readonly remembered: Remembered;
  readonly loss?: Loss;
  readonly events: Events;
  readonly machine: Machine;
  readonly report: () => HealthReport;
  readonly intervalMs: number;
  /** Our slot of the interval, 0 to 1. */
  readonly phase: number;
  readonly onIdConflict: IdConflictPolicy;
  readonly drift: DriftPolicy;
  /** False: a registration that has gone missing is not written again. */
  readonly recover: boolean;
}
