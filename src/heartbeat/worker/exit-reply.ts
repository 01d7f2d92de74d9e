/** Shared memory: at the process's exit the main thread runs no event loop any more, and receives no message. */
export type ExitReply = Int32Array<SharedArrayBuffer>;

/** `left`: the worker has done what it could. `over`: its heartbeat had ended, and the main thread has to leave. */
export const exitAnswers = { waiting: 0, left: 1, over: 2 } as const;

/** Wakes the main thread, which waits for the reply. The first reply counts. */
export function giveReply(reply: ExitReply, answer: 'left' | 'over'): void {
  Atomics.compareExchange(reply, 0, exitAnswers.waiting, exitAnswers[answer]);
  Atomics.notify(reply, 0);
}
