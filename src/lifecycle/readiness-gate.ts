import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';

const ASK_EVERY_MS = 250;
/** A slower answer counts as false, so that one lost promise cannot keep the gate shut for ever. */
const ANSWER_WITHIN_MS = 5_000;

/**
 * Calls `ready` until it returns true, and `onShut` after each false. An error counts as false, since a service that
 * is starting may throw. Rejects only with the signal's reason.
 */
export async function untilReady(
  ready: () => boolean | Promise<boolean>,
  onShut: () => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const answer = await withDeadline(clock, ANSWER_WITHIN_MS, { operation: 'ready' }, signal, async () =>
      ready(),
    ).catch(() => false);
    signal.throwIfAborted();
    if (answer) return;
    onShut();
    await clock.sleep(ASK_EVERY_MS, signal);
  }
}
