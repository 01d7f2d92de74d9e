import type { RegistryPlan } from '../experiment/registry-plan.js';

/** How a process of several Registrars is to run. */
export interface DelayPlan {
  readonly registry: RegistryPlan;
  readonly name: string;
  readonly registrars: number;
  readonly ttlMs: number;
  readonly thread: 'main' | 'worker';
  readonly drainMinMs: number;
  readonly timeoutMs: number;
}

/** What it tells; times are on the wall clock. */
export type FromDelayed =
  | { readonly kind: 'starting'; readonly at: number }
  /** All of them are. */
  | { readonly kind: 'registered'; readonly at: number }
  | { readonly kind: 'event'; readonly event: 'lost' | 'beatMissed'; readonly at: number };
