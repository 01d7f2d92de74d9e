import type { Framework, Policy, Way } from './options.js';

/** How an instance is to run. */
export interface InstancePlan {
  readonly url: string;
  readonly service: string;
  readonly id: string;
  readonly way: Way;
  readonly framework: Framework;
  readonly policy: Policy;
}

/** What it tells; times are on the wall clock. */
export type FromInstance =
  | { readonly kind: 'serving' }
  | {
      readonly kind: 'ending';
      /** The latest request, and the end of the latest answer; undefined: there was none since the signal. */
      readonly lastRequestAt: number | undefined;
      readonly lastAnswerAt: number | undefined;
      /** The longest time without a request, since the signal, that another request followed. */
      readonly longestSilenceMs: number;
    };

/** A fixed sleep as it is found in deployments. */
export const FIXED_SLEEP_MS = 10_000;
/** Chunks of the streamed answer, and what they weigh. */
export const STREAM = { chunks: 20, everyMs: 100, chunkBytes: 16 * 1024 } as const;
