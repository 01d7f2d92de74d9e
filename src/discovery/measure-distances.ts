import type { ReaderChoice } from '../contracts/composed-registry.js';
import type { Clock } from '../core/clock.js';

/** How often to see whether a round trip is due to be measured. */
const LOOK_EVERY_MS = 1_000;

export interface DistancePlan {
  readonly choices: readonly ReaderChoice[];
  readonly clock: Clock;
  /** A service that is watched, by which to measure; undefined: none is. */
  readonly service: () => string | undefined;
  /** Another reader is the first now. */
  readonly onChanged: () => void;
}

/** Keeps the distances of readers known until the signal aborts. Rejects with its reason. */
export async function measureDistances(plan: DistancePlan, signal: AbortSignal): Promise<never> {
  const { choices, clock, service, onChanged } = plan;
  for (;;) {
    signal.throwIfAborted();
    const name = service();
    for (const choice of name === undefined ? [] : choices) {
      const [first] = choice.order();
      await choice.measure(name ?? '', signal).catch(() => undefined);
      signal.throwIfAborted();
      if (choice.order()[0] !== first) onChanged();
    }
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
