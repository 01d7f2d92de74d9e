import { hasCode, isRegistrarError } from './errors.js';

/** Whoever asks to be left alone for longer does not know what that costs. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** How to wait after a failure: briefly for a registry on this host, patiently for one far away or one that refuses us, as long as it asks for, and never for more than `longestMs`. */
export function backoffFor(error: Error, isLocal: boolean, longestMs = Infinity): Backoff {
  const asked = isRegistrarError(error) ? (error.retryAfterMs ?? 0) : 0;
  // Half of a short time is left to the jitter: who was sent away together must not return together.
  const floorMs = Math.min(asked, LONGEST_RETRY_AFTER_MS, longestMs / 2);
  const { firstMs, capMs } = paceFor(error, isLocal);
  return { firstMs, capMs: Math.min(capMs, longestMs - floorMs), floorMs };
}

function paceFor(error: Error, isLocal: boolean): Backoff {
  if (hasCode(error, 'ROLLCALL_REGISTRY_DENIED') || hasCode(error, 'ROLLCALL_REGISTRY_REJECTED'))
    return { firstMs: 1_000, capMs: 5_000 };
  if (hasCode(error, 'ROLLCALL_ID_CONFLICT')) return { firstMs: 500, capMs: 1_000 };
  return isLocal ? { firstMs: 50, capMs: 250 } : { firstMs: 250, capMs: 5_000 };
}

/** How a wait grows from one failure to the next. */
export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
  /** What is waited in any case, the jitter on top. @default 0 */
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
