import type { Herd } from './judge-herd.js';

/** What a process with many of them is to do. */
export interface HerdProcessPlan {
  readonly who: Herd;
  readonly url: string;
  readonly service: string;
  readonly process: number;
  readonly count: number;
  readonly ttlMs: number;
}

/**
 * What it is asked. `reset` begins the counting anew; `report` is answered with what was counted since; `register` is
 * for the raw ones, which notice no loss.
 */
export type ToHerd = { readonly ask: 'reset' | 'report' | 'register' };

/** What it tells; times are on the wall clock. */
export type FromHerd =
  | { readonly kind: 'registered' }
  | {
      readonly kind: 'report';
      readonly most: number;
      readonly connections: number;
      readonly sentAt: readonly number[];
    };
