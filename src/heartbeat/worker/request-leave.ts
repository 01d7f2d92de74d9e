import type { DepartureRequest } from '../../contracts/departure.js';
import { exitAnswers } from './exit-reply.js';
import type { WorkerSession } from './shared-thread.js';

/**
 * Has the worker leave the registry. The returned function blocks until it has replied, or for `withinMs`; false when
 * the main thread has to leave.
 */
export function requestLeave(
  session: WorkerSession,
  policy: DepartureRequest['policy'],
): (withinMs: number) => boolean {
  const reply = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  session.post({ kind: 'leave', policy, reply });
  return (withinMs) => {
    Atomics.wait(reply, 0, exitAnswers.waiting, withinMs);
    return Atomics.load(reply, 0) !== exitAnswers.over;
  };
}
