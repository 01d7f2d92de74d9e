import { hasCode, isRegistrarError } from './errors.js';

/** Caps `Retry-After`: the instance may be missing from the registry all that time. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/**
 * Chooses the wait after a failure: short for a registry on this host, longer for a remote one or one that refuses us,
 * at least its `Retry-After`, at most `longestMs`.
 */
export function backoffFor(error: Error, isLocal: boolean, longestMs = Infinity): Backoff {
  // Leaves half of a short wait to the jitter, so that clients refused together do not return together.
  const floorMs = Math.min(retryAfterMsOf(error), LONGEST_RETRY_AFTER_MS, longestMs / 2);
  const { firstMs, capMs } = paceFor(error, isLocal);
  return { firstMs, capMs: Math.min(capMs, longestMs - floorMs), floorMs };
}

/** The pause that the registry asks for; 0 if that is no usable number. */
function retryAfterMsOf(error: Error): number {
  const given: unknown = isRegistrarError(error) ? error.retryAfterMs : undefined;
  return typeof given === 'number' && given > 0 ? given : 0;
}

function paceFor(error: Error, isLocal: boolean): Backoff {
  if (hasCode(error, 'ROLLCALL_REGISTRY_DENIED') || hasCode(error, 'ROLLCALL_REGISTRY_REJECTED'))
    return { firstMs: 1_000, capMs: 5_000 };
  if (hasCode(error, 'ROLLCALL_ID_CONFLICT')) return { firstMs: 500, capMs: 1_000 };
  return isLocal ? { firstMs: 50, capMs: 250 } : { firstMs: 250, capMs: 5_000 };
}

/** Exponential growth of the wait from one failure to the next, jitter included. */
export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
  /** Minimum wait, to which the jitter is added. @default 0 */
  readonly floorMs?: number;
}

/**
 * The wait after the `attempt`th failure in a row: the floor plus full jitter, anything up to the exponential bound,
 * so that many clients that failed together do not return together
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function jitteredPauseMs(
  { firstMs, capMs, floorMs = 0 }: Backoff,
  attempt: number,
  random: () => number,
): number {
  return floorMs + random() * Math.min(capMs, firstMs * 2 ** Math.min(attempt - 1, 30));
}
