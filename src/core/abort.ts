import { asError, isError } from './errors.js';

/** Calls `run` once when the signal aborts, at once if it already has. The returned function removes the listener. */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    run();
    return () => undefined;
  }
  signal.addEventListener('abort', run, { once: true });
  return () => {
    signal.removeEventListener('abort', run);
  };
}

/** Rejects with the signal's reason when it aborts, and never settles otherwise. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    onAbort(signal, () => {
      reject(asError(signal.reason));
    });
  });
}

/** Settles as `promise` does, or rejects with the signal's reason if it aborts first. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const removeListener = onAbort(signal, () => {
      reject(asError(signal.reason));
    });
    promise.then(resolve, reject).finally(removeListener);
  });
}

/**
 * Resolves when the subscription notifies; rejects with the signal's reason if it aborts first. Ends the subscription
 * in both cases, with the function that `subscribe` returned. Does not subscribe if the signal has already aborted.
 */
export function untilNotified(subscribe: (notify: () => void) => () => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(asError(signal.reason));
      return;
    }
    const unsubscribe = subscribe(() => {
      removeListener();
      unsubscribe();
      resolve();
    });
    const removeListener = onAbort(signal, () => {
      unsubscribe();
      reject(asError(signal.reason));
    });
  });
}

/** True for the error of an aborted call (https://dom.spec.whatwg.org/#abortcontroller); a timeout is no abort. */
export function isAbortError(thrown: unknown): boolean {
  return isError(thrown) && thrown.name === 'AbortError';
}
