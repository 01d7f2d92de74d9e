import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';

const ASK_EVERY_MS = 250;
/** An answer that takes longer counts as no, so that one lost promise cannot keep the gate shut for ever. */
const ANSWER_WITHIN_MS = 5_000;

/** Asks `ready` until it says true; `onShut` is told of each no. An error is a no: what is not up yet may well throw. Rejects only with the signal's reason. */
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
