import { jitteredPauseMs } from './backoff.js';
import type { Backoff } from './backoff.js';
import type * as PRetry from 'p-retry';
import type { Clock } from './clock.js';
import { asError } from './errors.js';

export interface RetryPlan {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Called after every failure, so that the wait can depend on the error. */
  readonly backoff: (error: Error) => Backoff;
  /** Returns false for a final error, with which `retry` rejects. */
  readonly mayRetry: (error: Error) => boolean;
  /** Waits between tries; override it so that an event can end the wait early. @default the clock's `sleep` */
  readonly pause?: (ms: number) => Promise<unknown>;
  /** Called for each failure that will be retried, before the wait. */
  readonly onFailed: (error: Error) => void;
}

/**
 * Calls `attempt` until it succeeds, without a limit. Resolves to its value; rejects with the first error that
 * `mayRetry` refuses, or with the signal's reason.
 */
export async function retry<T>(attempt: () => Promise<T>, plan: RetryPlan): Promise<T> {
  const { default: pRetry, AbortError } = await loadPRetry();
  return pRetry(
    async () => {
      try {
        return await attempt();
      } catch (thrown) {
        // p-retry gives up on most TypeErrors, but here only `mayRetry` decides.
        const error = asError(thrown);
        if (plan.signal.aborted || !plan.mayRetry(error)) throw new AbortError(error);
        throw new Failure(error);
      }
    },
    {
      retries: Infinity,
      minTimeout: 0,
      signal: plan.signal,
      // p-retry's own timer does not use our clock, and its jitter never goes below its base delay.
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

/** Loads p-retry at the first retry, so that importing rollcall stays cheap. */
async function loadPRetry(): Promise<typeof PRetry> {
  try {
    return await (loading ??= import('p-retry'));
  } catch (thrown) {
    // Lets the next retry load it again.
    loading = undefined;
    throw thrown;
  }
}

/** Wraps a failed attempt, so that p-retry does not judge the class of the error. */
class Failure extends Error {
  override readonly cause: Error;

  constructor(cause: Error) {
    super(cause.message);
    this.cause = cause;
  }
}
