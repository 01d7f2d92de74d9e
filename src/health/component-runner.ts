import { onAbort } from '../core/abort.js';
import type { Clock } from '../core/clock.js';
import { asError } from '../core/errors.js';
import { withDeadline } from '../core/deadline.js';
import { outcomeOf } from './component.js';
import type { Outcome } from './component.js';
import type { ComponentPlan } from '../config/config.js';

export interface ComponentRun {
  readonly plan: ComponentPlan & { readonly run: (signal: AbortSignal) => unknown };
  readonly clock: Clock;
  /** Called with the outcome of each run. */
  readonly tell: (outcome: Outcome) => void;
}

/**
 * Runs one component repeatedly, one run at a time, until the signal aborts; then closes it. Rejects with the
 * signal's reason.
 */
export async function runComponent({ plan, clock, tell }: ComponentRun, signal: AbortSignal): Promise<void> {
  /** The run that has not ended yet, possibly long after its timeout. */
  let running: Promise<unknown> | undefined;

  const look = async (): Promise<Outcome> => {
    // A second run beside a hung one would pile up work and give a second answer.
    if (running !== undefined)
      return { status: 'critical', reason: 'hung', detail: 'an earlier run has not ended yet; let it heed its signal' };
    let isOver = false;
    try {
      const answer = await withDeadline(
        clock,
        plan.timeoutMs,
        { operation: `the run of '${plan.name}'` },
        signal,
        (bounded) => {
          onAbort(bounded, () => (isOver = true));
          const run = Promise.resolve().then(() => plan.run(bounded));
          const onEnd = () => {
            running = undefined;
          };
          running = run;
          run.then(onEnd, onEnd);
          return run;
        },
      );
      return outcomeOf(answer);
    } catch (thrown) {
      signal.throwIfAborted();
      return { status: 'critical', reason: isOver ? 'timeout' : 'failed', detail: wordsOf(asError(thrown)) };
    }
  };

  try {
    for (;;) {
      const startedAt = clock.now();
      tell(await look());
      await clock.sleep(Math.max(0, startedAt + plan.intervalMs - clock.now()), signal);
    }
  } finally {
    // The result of `close` does not matter.
    Promise.resolve()
      .then(plan.close)
      .catch(() => undefined);
  }
}

/** A connection attempt to several addresses fails with an error that has a code but no message. */
function wordsOf(error: Error): string {
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
