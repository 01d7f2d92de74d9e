import type { Clock } from '../core/clock.js';
import { keyOf } from '../contracts/service-instance.js';
import type { ServiceInstance } from '../contracts/service-instance.js';
import type { GuardedRegistry } from '../registries/guarded-registry.js';

/** Readers get a new entry within a second. */
const FIRST_LOOK_MS = 1_000;
/** A token without the right to read never sees it. */
const LOOKS = 5;

export interface SightingPlan {
  readonly registry: GuardedRegistry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly intervalMs: number;
}

/**
 * Whether the readers of the service have ever seen the instance with our rights. A stop needs to know, since only then
 * an empty list proves anything.
 */
export class ReaderSighting {
  readonly #plan: SightingPlan;
  #wasSeen = false;
  #isLooking = false;

  constructor(plan: SightingPlan) {
    this.#plan = plan;
  }

  get wasSeen(): boolean {
    return this.#wasSeen;
  }

  /** Looks a few times until the instance is seen. Ends with the signal; never rejects. */
  async look(instance: () => ServiceInstance, signal: AbortSignal): Promise<void> {
    if (this.#wasSeen || this.#isLooking) return;
    this.#isLooking = true;
    const { registry, clock, random, intervalMs } = this.#plan;
    try {
      for (let looks = 0; looks < LOOKS && !this.#wasSeen; looks += 1) {
        await clock.sleep(FIRST_LOOK_MS + random() * intervalMs, signal);
        this.#wasSeen = (await registry.isVisible(keyOf(instance()), signal).catch(() => false)) === true;
      }
    } catch {
      // The signal has aborted.
    } finally {
      this.#isLooking = false;
    }
  }
}
