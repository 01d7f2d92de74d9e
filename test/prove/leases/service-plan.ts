import type { RegistryPlan } from '../experiment/registry-plan.js';

/** How an instance is to run. */
export interface LeasePlan {
  readonly registry: RegistryPlan;
  readonly name: string;
  readonly id: string;
  readonly ttlMs: number;
  /** The control: SIGTERM ends it where it stands. */
  readonly exitsAtOnce: boolean;
}
