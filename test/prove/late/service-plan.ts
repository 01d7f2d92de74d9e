import type { RegistryPlan } from '../experiment/registry-plan.js';

/** How the service is to reach its two registries, and where its heartbeats come from. */
export interface LatePlan {
  readonly form: 'endpoints' | 'chain' | 'nearest';
  readonly thread: 'main' | 'worker';
  readonly ttlMs: number;
  readonly stopWithinMs: number;
  /** Loaded before anything is measured: that is a compiler's time here, and none of a registry's. */
  readonly registries: readonly RegistryPlan[];
}

export type ToLate =
  | { readonly ask: 'start'; readonly id: string; readonly registries: readonly RegistryPlan[] }
  | { readonly ask: 'update' | 'stop'; readonly id: string };

export type FromLate =
  | { readonly kind: 'ready' }
  | { readonly kind: 'registered'; readonly id: string }
  | { readonly kind: 'stopped'; readonly id: string; readonly tookMs: number };
