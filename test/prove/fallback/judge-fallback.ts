import type { Verdict } from '../experiment/experiment.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
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
  readonly staleMembers: number;
}

/** "Patience + 1 s". */
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
  const longest = (who: Who) =>
    Math.max(0, ...history.flatMap((event) => (event.event === 'gap' && event.who === who ? [event.afterMs] : [])));
  const gap = longest('ours');
  if (gap > limit) problems.push(`readers of the chain were without an answer for ${rounded(gap)} ms`);
  if (!history.some((event) => event.event === 'gap' && event.who === 'ours'))
    problems.push('no reader of the chain ever had an answer');
  const left = history.findLast((event) => event.event === 'left');
  const staleMembers =
    left?.event === 'left' ? Object.values(left.entries).reduce((sum, entries) => sum + Math.abs(entries), 0) : -1;
  if (staleMembers !== 0)
    problems.push(staleMembers === -1 ? 'nobody looked for what is left' : `left in the end: ${JSON.stringify(left)}`);
  if (took.downMs.length === 0 || took.upMs.length === 0) problems.push('no move was measured');
  if (longest('control') <= limit)
    problems.push(
      'the control, which has the first registry alone, was never without an answer for longer: this experiment proves nothing',
    );
  const cycles = new Set(history.flatMap((event) => ('cycle' in event ? [event.cycle] : []))).size;
  return {
    problems,
    figures: {
      cycles,
      patienceMs,
      downMs: spreadOf(took.downMs),
      upMs: spreadOf(took.upMs),
      clearedMs: spreadOf(took.clearedMs),
      longestGapMs: rounded(gap),
      controlGapMs: rounded(longest('control')),
      staleMembers,
    },
  };
}
