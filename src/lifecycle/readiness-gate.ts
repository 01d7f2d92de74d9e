import type { Clock } from '../core/clock.js';
import { withDeadline } from '../core/deadline.js';
import { formatDuration } from '../core/duration.js';
import { NotReadyError, TimeoutError, asError } from '../core/errors.js';
import { printable } from '../core/printable.js';

const ASK_EVERY_MS = 250;
/** A slower answer counts as false, so that one lost promise cannot keep the gate shut for ever. */
const ANSWER_WITHIN_MS = 5_000;
const LONGEST_REASON = 500;
/** Names the call in its own timeout. */
const GATE = 'ready';

/**
 * Calls `ready` until it returns true, and `onShut` with the reason after each other answer. An error counts as false,
 * since a service that is starting may throw. Rejects only with the signal's reason.
 */
export async function untilReady(
  ready: () => boolean | Promise<boolean>,
  onShut: (problem: NotReadyError) => void,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const problem = await ask(ready, clock, signal);
    signal.throwIfAborted();
    if (problem === undefined) return;
    onShut(problem);
    await clock.sleep(ASK_EVERY_MS, signal);
  }
}

/** The problem of a gate that has not answered at all. */
export function unanswered(): NotReadyError {
  return shut('has not answered yet');
}

/** Undefined: the gate is open. */
async function ask(
  ready: () => boolean | Promise<boolean>,
  clock: Clock,
  signal: AbortSignal,
): Promise<NotReadyError | undefined> {
  try {
    const given = ready();
    const answer =
      typeof given === 'boolean'
        ? given
        : await withDeadline(clock, ANSWER_WITHIN_MS, { operation: GATE }, signal, async () => given);
    return answer ? undefined : shut(`returned ${printable(String(answer))}`);
  } catch (thrown) {
    if (thrown instanceof TimeoutError && thrown.operation === GATE)
      return shut(`did not answer within ${formatDuration(ANSWER_WITHIN_MS)}`);
    const error = asError(thrown);
    return shut(`threw ${printable(`${error.name}: ${error.message}`, LONGEST_REASON)}`, error);
  }
}

function shut(what: string, cause?: Error): NotReadyError {
  return new NotReadyError(`the option \`ready\` ${what}; the service is registered once it returns true`, { cause });
}
