import { getEventListeners } from 'node:events';
import type { Clock } from './clock.js';
import { TimeoutError, asError } from './errors.js';
import { meterOf, meterRequests } from './request-meter.js';

/**
 * Runs `work` with a signal that aborts after `ms` or when `outer` aborts; `restart` begins the time anew. Settles on
 * time even if `work` ignores its signal. Rejects with `TimeoutError` after `ms`, with the reason of `outer`, or as
 * `work` does. The meter of `outer` counts the requests of `work` too.
 */
export function withDeadline<T>(
  clock: Clock,
  ms: number,
  context: { readonly operation: string; readonly registry?: string },
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal, restart: () => void) => Promise<T>,
): Promise<T> {
  // One promise, one timer and one listener only, because every heartbeat takes this path.
  return new Promise((resolve, reject) => {
    if (outer?.aborted === true) {
      reject(asError(outer.reason));
      return;
    }
    const controller = spare ?? new AbortController();
    spare = undefined;
    meterRequests(controller.signal, meterOf(outer));
    const end = () => {
      isOver = true;
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
    const begin = () =>
      clock.after(ms, () => {
        const name = [context.registry, context.operation].filter(Boolean).join(' ');
        abort(new TimeoutError(`${name} took longer than ${String(Math.round(ms))} ms`, context));
      });
    let cancel = begin();
    let isOver = false;
    const restart = () => {
      if (isOver) return;
      cancel();
      cancel = begin();
    };
    outer?.addEventListener('abort', onOuterAbort);
    const onFailure = (thrown: unknown) => {
      end();
      reject(asError(thrown));
    };
    try {
      work(controller.signal, restart).then((value) => {
        end();
        recycle(controller);
        resolve(value);
      }, onFailure);
    } catch (thrown) {
      onFailure(thrown);
    }
  });
}

let spare: AbortController | undefined;

/** Creating a signal is expensive, so one that has not aborted and has no listeners is used again. */
function recycle(controller: AbortController): void {
  if (!controller.signal.aborted && getEventListeners(controller.signal, 'abort').length === 0) spare = controller;
}
