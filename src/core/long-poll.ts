import type { Clock } from './clock.js';
import { withDeadline } from './deadline.js';
import { asError, hasCode } from './errors.js';
import type { TokenBucket } from './token-bucket.js';

/** The answer to a poll. Without a cursor the next poll cannot be a long poll. */
interface PollAnswer {
  readonly cursor?: string;
}

/** Consecutive polls of a kind, up to the latest one. */
export interface PollStreak {
  /** Consecutive polls that failed. */
  readonly failed: number;
  /** Consecutive polls that were no long polls: they failed, or were answered within `minRoundMs`. */
  readonly unheld: number;
}

export interface LongPollPlan<Answer extends PollAnswer> {
  readonly clock: Clock;
  /**
   * One poll: with a cursor a long poll, which the source answers at the next change; without one it answers at once.
   */
  readonly poll: (cursor: string | undefined, signal: AbortSignal) => Promise<Answer>;
  /** @default none: `poll` has its own deadlines */
  readonly deadlines?: PollDeadlines;
  /** Resolves to the final answer, after more requests if necessary. A rejection counts as a failed poll. */
  readonly settle?: (answer: Answer, signal: AbortSignal) => Promise<Answer>;
  /** Limits the rate of polls beside the times below. @default none */
  readonly pace?: TokenBucket;
  /** The shortest time from the start of one poll to the start of the next. */
  readonly minRoundMs: number;
  /**
   * That time doubles up to this limit while the source answers long polls early; equal to `minRoundMs`: it is
   * constant.
   */
  readonly maxRoundMs: number;
  /** The interval of polls while answers have no cursor. @default none: polls without a cursor are long polls too */
  readonly pollEveryMs?: number;
  /** The pause after a failed poll. @default the rest of the time between two polls */
  readonly failurePauseMs?: (error: Error, failed: number) => number;
  /** Awaited, as `onFailed` is. A rejection of either ends the loop. */
  readonly onAnswer: (answer: Answer, streak: PollStreak) => Promise<void> | void;
  readonly onFailed: (error: Error, streak: PollStreak) => Promise<void> | void;
}

export interface PollDeadlines {
  /** The name of the operation, for the error. */
  readonly operation: string;
  /** The deadline of a long poll; longer than the source takes to answer it. */
  readonly heldMs: number;
  /** The deadline of a poll without a cursor. */
  readonly requestMs: number;
}

/** Polls a source, despite failures, until the signal aborts; rejects with its reason. */
export async function longPoll<Answer extends PollAnswer>(
  plan: LongPollPlan<Answer>,
  signal: AbortSignal,
): Promise<never> {
  const { clock, minRoundMs, pollEveryMs, failurePauseMs } = plan;
  let cursor: string | undefined;
  let streak: PollStreak = { failed: 0, unheld: 0 };
  for (;;) {
    signal.throwIfAborted();
    if (plan.pace !== undefined) await plan.pace.take(signal);
    const startedAt = clock.now();
    const outcome = await outcomeOf(plan, cursor, signal);
    signal.throwIfAborted();
    if ('error' in outcome) {
      // A failure may invalidate the cursor, so only a poll without one gives a new cursor.
      cursor = undefined;
      streak = { failed: streak.failed + 1, unheld: streak.unheld + 1 };
      await plan.onFailed(outcome.error, streak);
    } else {
      const shouldBeHeld = cursor !== undefined || pollEveryMs === undefined;
      const isUnheld = shouldBeHeld && clock.now() - startedAt < minRoundMs;
      cursor = outcome.answer.cursor;
      streak = { failed: 0, unheld: isUnheld ? streak.unheld + 1 : 0 };
      await plan.onAnswer(outcome.answer, streak);
    }
    const pauseMs =
      'error' in outcome && failurePauseMs !== undefined
        ? failurePauseMs(outcome.error, streak.failed)
        : startedAt + roundMs(plan, cursor, streak) - clock.now();
    await clock.sleep(Math.max(0, pauseMs), signal);
  }
}

async function outcomeOf<Answer extends PollAnswer>(
  plan: LongPollPlan<Answer>,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<{ readonly answer: Answer } | { readonly error: Error }> {
  try {
    const answer = await answerTo(plan, cursor, signal);
    return { answer: plan.settle === undefined ? answer : await plan.settle(answer, signal) };
  } catch (thrown) {
    return { error: asError(thrown) };
  }
}

async function answerTo<Answer extends PollAnswer>(
  { clock, poll, deadlines }: LongPollPlan<Answer>,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  if (deadlines === undefined) return poll(cursor, signal);
  const { operation, heldMs, requestMs } = deadlines;
  if (cursor !== undefined) {
    try {
      return await withDeadline(clock, heldMs, { operation }, signal, (bounded) => poll(cursor, bounded));
    } catch (error) {
      // A long poll without an answer means a dead connection, not a failed source: poll again without a cursor.
      if (!hasCode(error, 'ROLLCALL_TIMEOUT')) throw error;
    }
  }
  return withDeadline(clock, requestMs, { operation }, signal, (bounded) => poll(undefined, bounded));
}

function roundMs<Answer extends PollAnswer>(
  { minRoundMs, maxRoundMs, pollEveryMs }: LongPollPlan<Answer>,
  cursor: string | undefined,
  { failed, unheld }: PollStreak,
): number {
  if (pollEveryMs !== undefined && cursor === undefined && failed === 0) return pollEveryMs;
  return Math.min(maxRoundMs, minRoundMs * 2 ** Math.max(0, unheld - 1));
}
