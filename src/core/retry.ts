import { jitteredPauseMs } from './backoff.js';
import type { Backoff } from './backoff.js';
import type * as PRetry from 'p-retry';
import type { Clock } from './clock.js';
import { asError } from './errors.js';

export interface RetryPlan {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Asked after every failure, so that it may depend on the error. */
  readonly backoff: (error: Error) => Backoff;
  /** False: the error is final and the retry rejects with it. */
  readonly mayRetry: (error: Error) => boolean;
  /** How to wait, where something may happen that makes the next try worth it at once. @default the clock's `sleep` */
  readonly pause?: (ms: number) => Promise<void>;
  /** Told of each failure that will be tried again, before the wait. */
  readonly onFailed: (error: Error) => void;
}

/**
 * Calls `attempt` until it succeeds, for ever. Resolves to its value; rejects with the first error that `mayRetry`
 * refuses, or with the signal's reason.
 */
export async function retry<T>(attempt: () => Promise<T>, plan: RetryPlan): Promise<T> {
  const { default: pRetry, AbortError } = await loadPRetry();
  return pRetry(
    async () => {
      try {
        return await attempt();
      } catch (thrown) {
        // p-retry gives up on a TypeError; whether to give up is for `mayRetry` alone to say.
        const error = asError(thrown);
        if (plan.signal.aborted || !plan.mayRetry(error)) throw new AbortError(error);
        throw new Failure(error);
      }
    },
    {
      retries: Infinity,
      minTimeout: 0,
      signal: plan.signal,
      // The wait is taken here because p-retry's own timer is not on our clock and its jitter never goes below its base.
      async shouldRetry({ error, attemptNumber }) {
        const cause = (error as Failure).cause;
        plan.onFailed(cause);
        const ms = jitteredPauseMs(plan.backoff(cause), attemptNumber, plan.random);
        await (plan.pause?.(ms) ?? plan.clock.sleep(ms, plan.signal));
        return true;
      },
    },
  );
}

let loading: Promise<typeof PRetry> | undefined;

/** Loaded once, at the first retry: importing rollcall stays cheap, and so does each retry after the first. */
async function loadPRetry(): Promise<typeof PRetry> {
  try {
    return await (loading ??= import('p-retry'));
  } catch (thrown) {
    // Loaded anew for whoever retries next.
    loading = undefined;
    throw thrown;
  }
}

/** A failed attempt in a wrapper of ours, out of reach of p-retry's own judgement of error classes. */
class Failure extends Error {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
  }
}
