import type { Clock } from '../core/clock.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { keyOf } from '../contracts/service-instance.js';
import type { Registration } from '../contracts/registry.js';
import type { Semaphore } from '../core/semaphore.js';
import type { BatchWatcher } from './batch-watcher.js';

/**
 * A poll that does not block must not spin, and one that fails again and again must not add to what ails the
 * registry.
 */
const SHORTEST_ROUND_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

export interface EntryWatchPlan {
  readonly clock: Clock;
  readonly polls: Semaphore;
  /** For those whom no poll is left for. */
  readonly batchWatcher: BatchWatcher;
  /** The entry is worth a look. */
  readonly onNews: () => void;
  /** The poll broke: the registry may just have gone. */
  readonly onTrouble: () => void;
  /** Resolves when the next heartbeat has been accepted: until then there is nothing to watch. */
  readonly nextBeat: (signal: AbortSignal) => Promise<void>;
}

/** What is watched. */
interface WatchedEntry {
  readonly registration: Registration;
  readonly instance: ServiceInstance;
}

/**
 * Watches the entry by one held poll after another, or by the look that all share, until the signal aborts, so that a
 * loss is noticed at once and not at the next beat.
 */
export async function watchEntry(
  { registration, instance }: WatchedEntry,
  plan: EntryWatchPlan,
  signal: AbortSignal,
): Promise<void> {
  const changed = registration.changed?.bind(registration);
  const release = changed && plan.polls.take();
  if (changed === undefined || release === undefined) {
    plan.batchWatcher.watch(
      { key: keyOf(instance), presence: () => registration.presence, onNews: plan.onNews },
      plan.clock,
      signal,
    );
    return;
  }
  try {
    for (let inVain = 0; !signal.aborted;) {
      const startedAt = plan.clock.now();
      try {
        await changed(signal);
        plan.onNews();
        inVain = plan.clock.now() - startedAt < SHORTEST_ROUND_MS ? inVain + 1 : 0;
      } catch {
        if (signal.aborted) return;
        inVain += 1;
        if (inVain === 1) plan.onTrouble();
      }
      // A poll that goes on failing while the beats go well tells nothing new, and is not worth a beat each time.
      if (inVain <= 1) await plan.nextBeat(signal);
      const pauseMs = Math.min(LONGEST_PAUSE_MS, SHORTEST_ROUND_MS * 2 ** Math.max(0, inVain - 1));
      await plan.clock.sleep(Math.max(0, startedAt + pauseMs - plan.clock.now()), signal);
    }
  } finally {
    release();
  }
}
