import type { RegistryPlan } from './registry-plan.js';

/** How the service under observation is to run. */
export interface ServicePlan {
  readonly registry: RegistryPlan;
  readonly name: string;
  /** @default a free one */
  readonly port?: number;
  readonly ttl?: string;
  /** Time between two heartbeats. @default TTL / 3 */
  readonly interval?: string;
  /** The readiness gate opens so long after 'listening'. @default 0 */
  readonly readyAfterMs?: number;
}

/** What it can be asked for. */
export type ToService =
  { readonly ask: 'memory' } | { readonly ask: 'tag'; readonly tag: string } | { readonly ask: 'stop' };

/** What it tells; times are on the wall clock. */
export type FromService =
  | { readonly kind: 'listening'; readonly at: number }
  | { readonly kind: 'opened'; readonly at: number }
  | { readonly kind: 'settled'; readonly at: number; readonly tookMs: number }
  | { readonly kind: 'told'; readonly at: number; readonly event: 'beat' | 'beatMissed' | 'rotated' }
  | { readonly kind: 'state'; readonly at: number; readonly to: string }
  | { readonly kind: 'tagged'; readonly at: number; readonly tag: string }
  | { readonly kind: 'stopped'; readonly at: number; readonly errors: readonly string[] }
  | { readonly kind: 'memory'; readonly at: number; readonly heapUsed: number; readonly rss: number };
