import { SIGN_EVERY_MS, Silence } from '../stall.js';
import type { FromThread, ToThread } from './messages.js';
import { Resident } from './resident.js';
import type { ThreadSurroundings } from './resident.js';
import { readTime, writeTime } from './shared-times.js';
import type { SharedTimes } from './shared-times.js';

/** Where each thread writes when it was last seen to live. */
export const signs = { main: 0, worker: 1 } as const;

export interface Thread extends ThreadSurroundings {
  readonly signsOfLife: SharedTimes;
  /** All that was said in one go, so that it is heard in one go: an event and the state that it belongs to. */
  readonly send: (messages: readonly FromThread[]) => void;
}

/** The thread's own work: keeps the instances that it is given registered, gives signs of life, and looks for those of the main thread. Returns what hears the main thread's messages. */
export function serveBeats({ signsOfLife, send, ...surroundings }: Thread): (message: ToThread) => void {
  const { clock } = surroundings;
  const outbox: FromThread[] = [];
  const say = (message: FromThread) => {
    if (outbox.push(message) === 1) queueMicrotask(() => send(outbox.splice(0)));
  };
  const residents = new Map<number, Resident>();
  const silence = new Silence(clock.now());
  const look = () => {
    const now = clock.now();
    writeTime(signsOfLife, signs.worker, now);
    const silentMs = silence.look(readTime(signsOfLife, signs.main, now), now);
    for (const resident of residents.values()) resident.mainIsSilent(silentMs);
    // Sooner where a tolerance ends sooner: no stall is told late for want of a look.
    const nextMs = Math.min(SIGN_EVERY_MS, ...[...residents.values()].map((resident) => resident.patienceMs(silentMs) + 1));
    clock.after(nextMs, look);
  };
  look();
  say({ kind: 'ready' });
  return ({ life, ...instruction }) => {
    if (instruction.kind !== 'begin') {
      residents.get(life)?.hear(instruction);
      return;
    }
    const resident = new Resident(instruction.order, surroundings, (account) => say({ life, ...account }));
    residents.set(life, resident);
    void resident.live().finally(() => residents.delete(life));
  };
}
