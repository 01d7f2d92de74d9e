import { SIGN_EVERY_MS, StallDetector } from '../stall-detector.js';
import { giveReply } from './exit-reply.js';
import type { FromThread, ToThread } from './messages.js';
import { WorkerHeartbeat } from './worker-heartbeat.js';
import type { WorkerContext } from './worker-heartbeat.js';
import { readTime, writeTime } from './shared-times.js';
import type { SharedTimes } from './shared-times.js';

/** The index of each thread's sign of life. */
export const signs = { main: 0, worker: 1 } as const;

export interface Thread extends WorkerContext {
  readonly signsOfLife: SharedTimes;
  /** Sends messages as one batch, so that an event and the state it belongs to arrive together. */
  readonly send: (messages: readonly FromThread[]) => void;
}

/**
 * The worker's main loop: keeps instances registered, writes signs of life and checks the main thread's. Returns the
 * handler of the main thread's messages.
 */
export function serveBeats({ signsOfLife, send, ...context }: Thread): (message: ToThread) => void {
  const { clock } = context;
  const outbox: FromThread[] = [];
  const post = (message: FromThread) => {
    if (outbox.push(message) === 1) queueMicrotask(() => send(outbox.splice(0)));
  };
  const workerHeartbeats = new Map<number, WorkerHeartbeat>();
  const silence = new StallDetector(clock.now());
  const look = () => {
    const now = clock.now();
    writeTime(signsOfLife, signs.worker, now);
    const silentMs = silence.look(readTime(signsOfLife, signs.main, now), now);
    for (const workerHeartbeat of workerHeartbeats.values()) workerHeartbeat.mainIsSilent(silentMs);
    // Sooner where a tolerance ends sooner, so that a stall is reported on time.
    const nextMs = Math.min(
      SIGN_EVERY_MS,
      ...[...workerHeartbeats.values()].map((workerHeartbeat) => workerHeartbeat.patienceMs(silentMs) + 1),
    );
    clock.after(nextMs, look);
  };
  look();
  post({ kind: 'ready' });
  return ({ life, ...instruction }) => {
    if (instruction.kind !== 'begin') {
      const workerHeartbeat = workerHeartbeats.get(life);
      if (workerHeartbeat === undefined && instruction.kind === 'leave') giveReply(instruction.reply, 'over');
      workerHeartbeat?.hear(instruction);
      return;
    }
    const workerHeartbeat = new WorkerHeartbeat(instruction.spec, context, (event) => post({ life, ...event }));
    workerHeartbeats.set(life, workerHeartbeat);
    void workerHeartbeat.live().finally(() => workerHeartbeats.delete(life));
  };
}
