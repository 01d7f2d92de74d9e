import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** All times are on the wall clock. */
export type SentinelEvent =
  /** What the entry of each was last given before it, which its master has accepted. */
  | { readonly event: 'killed'; readonly round: number; readonly at: number; readonly tag: string }
  /** The first Sentinel names the other server as the master: nobody can know before. */
  | { readonly event: 'promoted'; readonly at: number }
  /** What the master of the moment holds of an entry, told when it changes. */
  | {
      readonly event: 'seen';
      readonly who: Who;
      readonly at: number;
      readonly tag: string | undefined;
      readonly passing: boolean;
    }
  | { readonly event: 'over'; readonly at: number }
  /** After the end: keys that are left. */
  | { readonly event: 'left'; readonly keys: readonly string[] };

export type Who = 'ours' | 'control';

export interface SentinelFigures {
  readonly kills: number;
  /** From the kill to the new master. */
  readonly failoverMs: Spread;
  /** From there to our entry passing again with what it was last given. */
  readonly behindMs: Spread;
  readonly left: number;
}

/** "Failover time + 1 s": two heartbeats, which come every 500 ms. */
export const WITHIN_MS = 1_000;

export function judgeSentinel(history: readonly SentinelEvent[]): Verdict<SentinelFigures> {
  const problems: string[] = [];
  const failover: number[] = [];
  const behind: number[] = [];
  let controlGone = false;
  for (const round of roundsOf(history)) {
    const { killed, promotedAt, isOver } = round;
    if (promotedAt === undefined || !isOver) {
      problems.push(`round ${killed.round} was not observed to its end`);
      continue;
    }
    failover.push(promotedAt - killed.at);
    const backAt = round.whole('ours', promotedAt);
    if (backAt === undefined) problems.push(`round ${killed.round}: never again as it was last written`);
    else {
      behind.push(backAt - promotedAt);
      if (backAt - promotedAt > WITHIN_MS)
        problems.push(
          `round ${killed.round}: as it was last written only ${rounded(backAt - promotedAt)} ms after the new master`,
        );
      if (!round.staysFrom('ours', backAt)) problems.push(`round ${killed.round}: gone again after it was back`);
    }
    const controlAt = round.whole('control', promotedAt);
    controlGone ||=
      controlAt === undefined || controlAt - promotedAt > WITHIN_MS || !round.staysFrom('control', controlAt);
  }
  const left = history.findLast((event) => event.event === 'left');
  if (left === undefined || left.keys.length > 0)
    problems.push(`in the end there was left: ${left?.keys.join(', ') ?? 'nobody looked'}`);
  const spreads = { failoverMs: spreadOf(failover), behindMs: spreadOf(behind) };
  problems.push(...findUnmeasured(spreads));
  if (!controlGone)
    problems.push(
      'the control, which beats at the master it first found, held its entry too: this experiment proves nothing',
    );
  return { problems, figures: { kills: failover.length, ...spreads, left: left?.keys.length ?? -1 } };
}

function roundsOf(history: readonly SentinelEvent[]): Round[] {
  const starts = history.flatMap(({ event }, index) => (event === 'killed' ? [index] : []));
  return starts.map((start, index) => new Round(history.slice(start, starts[index + 1])));
}

/** One kill and what came of it. */
class Round {
  readonly killed: Extract<SentinelEvent, { event: 'killed' }>;
  readonly promotedAt: number | undefined;
  readonly isOver: boolean;
  readonly #events: readonly SentinelEvent[];

  constructor(events: readonly SentinelEvent[]) {
    [this.killed] = events as [Extract<SentinelEvent, { event: 'killed' }>];
    this.promotedAt = events.find((event) => event.event === 'promoted')?.at;
    this.isOver = events.some(({ event }) => event === 'over');
    this.#events = events;
  }

  /** When the new master first had the whole entry; the first look at it tells at the latest. */
  whole(who: Who, promotedAt: number): number | undefined {
    return this.#seen(who).find(({ at, tag, passing }) => at >= promotedAt && passing && tag === this.killed.tag)?.at;
  }

  staysFrom(who: Who, at: number): boolean {
    return this.#seen(who).every((seen) => seen.at < at || (seen.passing && seen.tag === this.killed.tag));
  }

  #seen(who: Who): Extract<SentinelEvent, { event: 'seen' }>[] {
    return this.#events.filter((event) => event.event === 'seen').filter((event) => event.who === who);
  }
}
