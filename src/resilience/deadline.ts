import type { Clock } from '../clock.js';
import { TimeoutError } from '../errors.js';

/**
 * Runs `work` with a signal that aborts after `ms`, or with `outer`. Settles when the signal does even if `work` ignores
 * it: nobody waits for a callee's manners. Rejects with `TimeoutError` after `ms`, with the reason of `outer`, or as `work` does.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  what: { readonly operation: string; readonly registry?: string },
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const { signal } = controller;
  const onOuterAbort = () => {
    controller.abort(outer?.reason);
  };
  outer?.addEventListener('abort', onOuterAbort, { once: true });
  const cancel = clock.after(ms, () => {
    const name = [what.registry, what.operation].filter(Boolean).join(' ');
    controller.abort(new TimeoutError(`${name} took longer than ${String(Math.round(ms))} ms`, what));
  });
  try {
    return await abortable(work(signal), signal);
  } finally {
    cancel();
    outer?.removeEventListener('abort', onOuterAbort);
  }
}

/** `promise`, or a rejection with the signal's reason when that comes first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', onAbort);
    });
  });
}
