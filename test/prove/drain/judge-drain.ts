import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** Some instances left the registry under load, and came back later. */
export interface Removal {
  readonly removed: number;
  /** Picks of one of them after the update that removed it. */
  readonly latePicks: number;
  /** How long undici kept a connection to one of them; undefined: longer than was waited. */
  readonly closedMs: number | undefined;
}

/** What the load saw in the meantime. */
export interface DrainRun {
  readonly removals: readonly Removal[];
  readonly calls: number;
  readonly failures: readonly string[];
  /** Calls that went on while their instance left, and ended well. */
  readonly finishedLater: number;
}

export const CLOSED_WITHIN_MS = 1_000;

export interface DrainFigures {
  readonly removed: number;
  readonly latePicks: number;
  readonly calls: number;
  readonly failed: number;
  readonly finishedLater: number;
  readonly closedMs: Spread;
  /** The same for a caller that looks at the list once a second. */
  readonly controlLatePicks: number;
}

export function judgeDrain(run: DrainRun, controlLatePicks: number): Verdict<DrainFigures> {
  const { removals, calls, failures, finishedLater } = run;
  const closed = removals.flatMap(({ closedMs }) => closedMs ?? []);
  const figures = {
    removed: sum(removals.map(({ removed }) => removed)),
    latePicks: sum(removals.map(({ latePicks }) => latePicks)),
    calls,
    failed: failures.length,
    finishedLater,
    closedMs: spreadOf(closed),
    controlLatePicks,
  };
  const problems = findUnmeasured({ 'the closing of connections': figures.closedMs });
  const open = removals.length - closed.length;
  if (figures.removed === 0 || calls === 0) problems.push('nothing was removed under load');
  if (figures.latePicks > 0) problems.push(`${figures.latePicks} picks of an instance came after it had left`);
  if (failures.length > 0) problems.push(`${failures.length} of ${calls} calls failed: ${failures[0] ?? ''}`);
  if (finishedLater === 0) problems.push('no call was under way when its instance left');
  if (open > 0 || figures.closedMs.max > CLOSED_WITHIN_MS)
    problems.push(`connections to ${open} of ${removals.length} leavers stayed open for over ${CLOSED_WITHIN_MS} ms`);
  if (controlLatePicks === 0) problems.push('the control picks nothing that has left, so the proof shows nothing');
  return { problems, figures };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
