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
  /** Told what came of each run. */
  readonly tell: (outcome: Outcome) => void;
}

/** Runs one component over and over, one run at a time, until the signal aborts, and closes it; rejects with the signal's reason. */
export async function runComponent({ plan, clock, tell }: ComponentRun, signal: AbortSignal): Promise<void> {
  /** The run that has not ended yet, which may be long after its time was up. */
  let running: Promise<unknown> | undefined;

  const look = async (): Promise<Outcome> => {
    // Another run beside it would pile up what hangs, and its answer would be one of two.
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
    // Nobody waits for it, or wants to know how it went.
    Promise.resolve()
      .then(plan.close)
      .catch(() => undefined);
  }
}

/** A connection that was tried at several addresses fails with an error that has a code and no message. */
function wordsOf(error: Error): string {
  return error.message === '' && 'code' in error ? String(error.code) : error.message;
}
