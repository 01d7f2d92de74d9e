import type { Clock } from './clock.js';
import { withDeadline } from './deadline.js';
import { asError, hasCode } from './errors.js';

/** What a poll brings. Without a cursor the source cannot hold the next poll. */
interface PollAnswer {
  readonly cursor?: string;
}

/** How the latest polls went, this one included. */
export interface PollStreak {
  /** Polls in a row that failed. */
  readonly failed: number;
  /** Polls in a row that were not held: they failed, or were answered within `minRoundMs`. */
  readonly unheld: number;
}

export interface LongPollPlan<Answer extends PollAnswer> {
  readonly clock: Clock;
  /** One poll. With a cursor the source holds it until there is news; without one it answers at once. */
  readonly poll: (cursor: string | undefined, signal: AbortSignal) => Promise<Answer>;
  /** @default none: the polls have deadlines of their own */
  readonly deadlines?: PollDeadlines;
  /** Resolves to the answer that counts, which it may have to read again for. A rejection counts as a failed poll. */
  readonly settle?: (answer: Answer, signal: AbortSignal) => Promise<Answer>;
  /** Rounds start at least so far apart. */
  readonly minRoundMs: number;
  /** The distance doubles up to this while polls are not held; where it equals `minRoundMs` it does not grow. */
  readonly maxRoundMs: number;
  /** The distance while answers carry no cursor. @default none: the source holds every poll, without a cursor too */
  readonly pollEveryMs?: number;
  /** The pause from the end of a failed poll. @default what remains of the distance between rounds */
  readonly failurePauseMs?: (error: Error, failed: number) => number;
  /** The loop waits for it, as for `onFailed`. A rejection of either ends the loop. */
  readonly onAnswer: (answer: Answer, streak: PollStreak) => Promise<void> | void;
  readonly onFailed: (error: Error, streak: PollStreak) => Promise<void> | void;
}

export interface PollDeadlines {
  /** What times out, for the error. */
  readonly operation: string;
  /** Of a poll with a cursor: above the time for which the source holds it. */
  readonly heldMs: number;
  /** Of a poll without one. */
  readonly requestMs: number;
}

/** Follows a source by one poll after another, whatever fails, until the signal aborts; rejects with its reason. */
export async function longPoll<Answer extends PollAnswer>(
  plan: LongPollPlan<Answer>,
  signal: AbortSignal,
): Promise<never> {
  const { clock, minRoundMs, pollEveryMs, failurePauseMs } = plan;
  let cursor: string | undefined;
  let streak: PollStreak = { failed: 0, unheld: 0 };
  for (;;) {
    signal.throwIfAborted();
    const startedAt = clock.now();
    const outcome = await outcomeOf(plan, cursor, signal);
    signal.throwIfAborted();
    if ('error' in outcome) {
      // The source may have another history now: a new cursor comes from a poll without one.
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
      // A held poll that gets no answer hangs on a dead connection, which says nothing of the source: read afresh.
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
