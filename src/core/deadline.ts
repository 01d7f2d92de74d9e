import { getEventListeners } from 'node:events';
import type { Clock } from './clock.js';
import { TimeoutError, asError } from './errors.js';

/**
 * Runs `work` with a signal that aborts after `ms`, or with `outer`. Settles when the signal does even if `work` ignores
 * it: nobody waits for a callee's manners. Rejects with `TimeoutError` after `ms`, with the reason of `outer`, or as `work` does.
 */
export function withDeadline<T>(
  clock: Clock,
  ms: number,
  what: { readonly operation: string; readonly registry?: string },
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // One promise, one timer and one listener: every beat passes here.
  return new Promise((resolve, reject) => {
    if (outer?.aborted === true) {
      reject(asError(outer.reason));
      return;
    }
    const controller = spare ?? new AbortController();
    spare = undefined;
    const end = () => {
      cancel();
      outer?.removeEventListener('abort', onOuterAbort);
    };
    const abort = (reason: Error) => {
      end();
      controller.abort(reason);
      reject(reason);
    };
    const onOuterAbort = () => {
      abort(asError(outer?.reason));
    };
    const cancel = clock.after(ms, () => {
      const name = [what.registry, what.operation].filter(Boolean).join(' ');
      abort(new TimeoutError(`${name} took longer than ${String(Math.round(ms))} ms`, what));
    });
    outer?.addEventListener('abort', onOuterAbort);
    const onFailure = (thrown: unknown) => {
      end();
      reject(asError(thrown));
    };
    try {
      work(controller.signal).then((value) => {
        end();
        keepForLater(controller);
        resolve(value);
      }, onFailure);
    } catch (thrown) {
      onFailure(thrown);
    }
  });
}

let spare: AbortController | undefined;

/** A signal is dear to make. One that never aborted and that nobody listens to any more is as good as new. */
function keepForLater(controller: AbortController): void {
  if (!controller.signal.aborted && getEventListeners(controller.signal, 'abort').length === 0) spare = controller;
}
