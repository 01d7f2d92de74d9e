import { onAbort } from '../core/abort.js';
import { StoppedError, asError } from '../core/errors.js';

/**
 * Runs `work` with a signal that aborts with `signal`, or when what `subscribe` got is called: then it resolves to
 * undefined, unless the work was faster.
 */
export async function untilGivenUp<T>(
  signal: AbortSignal,
  subscribe: (giveUp: () => void) => () => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const removeListener = onAbort(signal, () => {
    controller.abort(signal.reason);
  });
  let isGivenUp = false;
  const unsubscribe = subscribe(() => {
    isGivenUp = true;
    controller.abort(new StoppedError('the poll was given up for another one'));
  });
  try {
    return await work(controller.signal);
  } catch (thrown) {
    if (isGivenUp && !signal.aborted) return undefined;
    throw asError(thrown);
  } finally {
    removeListener();
    unsubscribe();
  }
}
