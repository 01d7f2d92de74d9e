import type { Clock } from '../core/clock.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import { keyOf } from '../contracts/service-instance.js';
import type { Registration } from '../contracts/registry.js';
import { longPoll } from '../core/long-poll.js';
import type { Semaphore } from '../core/semaphore.js';
import type { BatchWatcher } from './batch-watcher.js';

/** A poll that does not block must not spin, and one that keeps failing must not add load to an ailing registry. */
const SHORTEST_ROUND_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

export interface EntryWatchPlan {
  readonly clock: Clock;
  readonly polls: Semaphore;
  /** Watches entries for which no long poll is free. */
  readonly batchWatcher: BatchWatcher;
  /** Called when the entry may have changed. */
  readonly onNews: () => void;
  /** Called when the poll broke: the registry may have gone. */
  readonly onTrouble: () => void;
  /** Resolves at the next accepted heartbeat; until then there is nothing to watch. */
  readonly nextBeat: (signal: AbortSignal) => Promise<void>;
}

/** The entry to watch. */
interface WatchedEntry {
  readonly registration: Registration;
  readonly instance: ServiceInstance;
}

/**
 * Watches the entry by long polls, or by the shared batch watcher, until the signal aborts, so that a loss is noticed
 * before the next beat.
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
    await longPoll(
      {
        clock: plan.clock,
        minRoundMs: SHORTEST_ROUND_MS,
        maxRoundMs: LONGEST_PAUSE_MS,
        // The registration keeps the cursor, and its registry the deadline.
        poll: async (_cursor, until) => {
          await changed(until);
          return {};
        },
        onAnswer: async (_answer, { unheld }) => {
          plan.onNews();
          if (unheld <= 1) await plan.nextBeat(signal);
        },
        onFailed: async (_error, { unheld }) => {
          // A poll that keeps failing while beats succeed is no news and not worth a beat each time.
          if (unheld > 1) return;
          plan.onTrouble();
          await plan.nextBeat(signal);
        },
      },
      signal,
    );
  } finally {
    release();
  }
}
