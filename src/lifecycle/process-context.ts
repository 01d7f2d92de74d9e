import { systemClock } from '../core/clock.js';
import type { Clock } from '../core/clock.js';
import { processLongPolls } from '../core/semaphore.js';
import type { Semaphore } from '../core/semaphore.js';
import { processBatchWatcher } from '../heartbeat/batch-watcher.js';
import type { BatchWatcher } from '../heartbeat/batch-watcher.js';
import type { SharedThread } from '../heartbeat/worker/shared-thread.js';
import { processBeatSlots } from '../heartbeat/beat-slots.js';
import type { BeatSlots } from '../heartbeat/beat-slots.js';
import { localSystem } from '../instance/local-system.js';
import type { LocalSystem } from '../instance/local-system.js';

/** What an instance takes from the process around it; tests pass their own. */
export interface ProcessContext {
  readonly clock: Clock;
  readonly random: () => number;
  readonly slots: BeatSlots;
  readonly polls: Semaphore;
  readonly batchWatcher: BatchWatcher;
  /** Loaded at first use. */
  readonly sharedThread: () => Promise<SharedThread>;
  readonly system: LocalSystem;
}

const processThread = async (): Promise<SharedThread> =>
  (await import('../heartbeat/worker/shared-thread.js')).processThread();

/** That of this process. */
export function processContext(): ProcessContext {
  return {
    clock: systemClock,
    random: Math.random,
    slots: processBeatSlots(),
    polls: processLongPolls(),
    batchWatcher: processBatchWatcher(),
    sharedThread: processThread,
    system: localSystem,
  };
}
