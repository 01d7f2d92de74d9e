import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { quantile, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** All times are on the wall clock. */
export type FallbackEvent =
  /** From now on `to` has to hold the entry, the first below `from` that lives. */
  | {
      readonly event: 'killed';
      readonly cycle: number;
      readonly at: number;
      readonly from: string;
      readonly to: string;
    }
  /** It answers again, and the entry has to come up to it from where it was. */
  | { readonly event: 'back'; readonly cycle: number; readonly at: number; readonly from: string; readonly to: string }
  /** The entry passes at the registry where it has to. */
  | { readonly event: 'there'; readonly at: number; readonly member: string }
  /** Nothing of ours is at the registry that it came up from. */
  | { readonly event: 'cleared'; readonly at: number; readonly member: string }
  /** A read through the chain (or of the control, which has the first registry alone) that gave the service's instance, passing; `after`: since the last one. */
  | { readonly event: 'gap'; readonly who: Who; readonly at: number; readonly afterMs: number }
  /** The service has stopped: what is left anywhere; -1 where nobody answers. */
  | { readonly event: 'left'; readonly entries: Readonly<Record<string, number>> };

export type Who = 'ours' | 'control';

export interface FallbackBounds {
  readonly patienceMs: number;
}

export interface FallbackFigures {
  readonly cycles: number;
  readonly patienceMs: number;
  /** From the kill to the entry passing at the next registry. */
  readonly downMs: Spread;
  /** From the return of a preferred registry to the entry passing there. */
  readonly upMs: Spread;
  /** From there to nothing being left below. */
  readonly clearedMs: Spread;
  /** Longest time without an answer for readers of the chain, and for the control. */
  readonly longestGapMs: number;
  readonly controlGapMs: number;
  readonly strays: number;
}

/** "Patience + 1 s": the heartbeat that meets the outage comes within 300 ms, and the move to the next follows. */
const SLACK_MS = 1_000;

export function judgeFallback(
  history: readonly FallbackEvent[],
  { patienceMs }: FallbackBounds,
): Verdict<FallbackFigures> {
  const problems: string[] = [];
  const took: Record<'downMs' | 'upMs' | 'clearedMs', number[]> = { downMs: [], upMs: [], clearedMs: [] };
  const limit = patienceMs + SLACK_MS;
  history.forEach((move, index) => {
    if (move.event !== 'killed' && move.event !== 'back') return;
    const rest = history.slice(index + 1);
    const until = rest.findIndex(({ event }) => event === 'killed' || event === 'back');
    const part = until === -1 ? rest : rest.slice(0, until);
    const where = `cycle ${move.cycle}, ${move.event === 'killed' ? `${move.from} killed` : `${move.to} back`}`;
    const there = part.find((event) => event.event === 'there' && event.member === move.to);
    if (there?.event !== 'there') {
      problems.push(`${where}: it never came to ${move.to}`);
      return;
    }
    if (move.event === 'killed') {
      took.downMs.push(there.at - move.at);
      if (there.at - move.at > limit)
        problems.push(`${where}: at ${move.to} only after ${rounded(there.at - move.at)} ms`);
      return;
    }
    took.upMs.push(there.at - move.at);
    const cleared = part.find((event) => event.event === 'cleared' && event.member === move.from);
    if (cleared?.event !== 'cleared') problems.push(`${where}: what it left at ${move.from} stayed`);
    else took.clearedMs.push(cleared.at - there.at);
  });
  const gaps = history.filter((event) => event.event === 'gap');
  const longest = (who: Who) =>
    quantile(
      gaps.filter((event) => event.who === who).map(({ afterMs }) => afterMs),
      1,
    );
  const gap = longest('ours');
  const controlGap = longest('control');
  if (gap > limit) problems.push(`readers of the chain were without an answer for ${rounded(gap)} ms`);
  const left = history.findLast((event) => event.event === 'left');
  const strays =
    left?.event === 'left' ? Object.values(left.entries).reduce((sum, entries) => sum + Math.abs(entries), 0) : -1;
  if (strays !== 0)
    problems.push(strays === -1 ? 'nobody looked for what is left' : `left in the end: ${JSON.stringify(left)}`);
  if (controlGap <= limit) {
    const control = 'the control, which has the first registry alone,';
    problems.push(`${control} was never without an answer for longer: this experiment proves nothing`);
  }
  const cycles = new Set(history.flatMap((event) => ('cycle' in event ? [event.cycle] : []))).size;
  const moves = { downMs: spreadOf(took.downMs), upMs: spreadOf(took.upMs), clearedMs: spreadOf(took.clearedMs) };
  const longestGaps = { longestGapMs: rounded(gap), controlGapMs: rounded(controlGap) };
  problems.push(...findUnmeasured({ ...moves, ...longestGaps }));
  return { problems, figures: { cycles, patienceMs, ...moves, ...longestGaps, strays } };
}
