import type { Clock } from '../clock.js';

const LOOK_EVERY_MS = 50;

export interface DrainPlan {
  readonly minMs: number;
  readonly quietMs: number;
  readonly maxMs: number;
  readonly clock: Clock;
  /** When the last request came in, on the clock; undefined: none yet. */
  readonly lastRequestAt: () => number | undefined;
  /** Whether readers of the registry may still be handed this instance. */
  readonly stillListed: () => boolean;
}

/**
 * Serves on until the traffic has really gone: out of the registry, and no new request for `quiet`; at least `min` and at
 * most `max`. Resolves; an abort of the signal ends it at once.
 */
export async function drain(plan: DrainPlan, signal: AbortSignal): Promise<void> {
  const startedAt = plan.clock.now();
  for (;;) {
    const now = plan.clock.now();
    const servedFor = now - startedAt;
    const quietFor = now - (plan.lastRequestAt() ?? -Infinity);
    const gone = servedFor >= plan.minMs && quietFor >= plan.quietMs && !plan.stillListed();
    if (gone || servedFor >= plan.maxMs || signal.aborted) return;
    await plan.clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
}
