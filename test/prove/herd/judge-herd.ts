import type { Verdict } from '../experiment/experiment.js';
import { quantile, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

export type Herd = 'ours' | 'control';

/** What was observed; `at` on the wall clock. A round is `round`, `leader`, then `passing` or not, `over`, in this order. */
export type HerdEvent =
  | { readonly event: 'round'; readonly who: Herd; readonly round: number; readonly at: number }
  /** The agent that was killed has a leader again. */
  | { readonly event: 'leader'; readonly at: number }
  /** Readers are given all of them. */
  | { readonly event: 'passing'; readonly at: number }
  /** Of one process: the most requests that were in flight at once, held polls left out, from the kill to `over`. */
  | { readonly event: 'inFlight'; readonly process: number; readonly most: number; readonly connections: number }
  /** One call of somebody else to that agent; `tookMs` undefined: it failed. */
  | { readonly event: 'bystander'; readonly at: number; readonly tookMs: number | undefined }
  /** Of one process, afterwards: when its beats were sent. */
  | { readonly event: 'beats'; readonly process: number; readonly sentAt: readonly number[] }
  | { readonly event: 'over'; readonly at: number };

export interface HerdPlan {
  readonly intervalMs: number;
}

export const bounds = {
  allPassingMs: 3_000,
  inFlight: 16,
  bystanderP99Ms: 100,
  /** Of its share of the beats, in the fullest tenth of the interval. */
  fullestTenth: 1.5,
} as const;

export interface HerdFigures {
  readonly allPassingMs: Spread;
  readonly inFlightMax: number;
  readonly connectionsMax: number;
  readonly bystanderMs: Spread;
  readonly fullestTenth: number;
  readonly controlInFlightMax: number;
  readonly controlFullestTenth: number;
}

export function judgeHerd(history: readonly HerdEvent[], plan: HerdPlan): Verdict<HerdFigures> {
  const problems: string[] = [];
  const passing: number[] = [];
  const bystander: number[] = [];
  const rounds = roundsOf(history);
  for (const { round, events } of rounds.filter(({ who }) => who === 'ours')) {
    const leaderAt = events.find((event) => event.event === 'leader')?.at;
    const allAt = events.find((event) => event.event === 'passing')?.at;
    if (leaderAt === undefined || events.at(-1)?.event !== 'over') {
      problems.push(`round ${round}: it was not observed to its end`);
      continue;
    }
    if (allAt === undefined) problems.push(`round ${round}: not all of them were passing`);
    else passing.push(allAt - leaderAt);
    const calls = events
      .filter((event) => event.event === 'bystander')
      .filter(({ at }) => at >= leaderAt && at <= (allAt ?? Infinity));
    if (calls.length === 0) problems.push(`round ${round}: nobody else called the agent`);
    for (const { tookMs } of calls) bystander.push(tookMs ?? Infinity);
  }
  const of = (who: Herd) => rounds.filter((round) => round.who === who).flatMap(({ events }) => events);
  const most = (who: Herd, what: 'most' | 'connections') =>
    Math.max(0, ...of(who).map((event) => (event.event === 'inFlight' ? event[what] : 0)));
  const fullest = (who: Herd) =>
    rounded(
      Math.max(
        0,
        ...of(who).map((event) => (event.event === 'beats' ? fullestTenth(event.sentAt, plan.intervalMs) : 0)),
      ),
    );
  const figures = {
    allPassingMs: spreadOf(passing),
    inFlightMax: most('ours', 'most'),
    connectionsMax: most('ours', 'connections'),
    bystanderMs: spreadOf(bystander),
    fullestTenth: fullest('ours'),
    controlInFlightMax: most('control', 'most'),
    controlFullestTenth: fullest('control'),
  };
  if (passing.length === 0) problems.push('there was no round');
  if (figures.inFlightMax === 0) problems.push('nobody counted our requests');
  if (figures.fullestTenth === 0) problems.push('nobody counted our beats');
  const slowest = quantile(passing, 1);
  if (slowest > bounds.allPassingMs)
    problems.push(
      `all were passing only ${rounded(slowest)} ms after the leader was there, promised are ${bounds.allPassingMs}`,
    );
  if (figures.inFlightMax > bounds.inFlight)
    problems.push(`one process had ${figures.inFlightMax} requests in flight, promised are ${bounds.inFlight}`);
  const p99 = quantile(bystander, 0.99);
  if (p99 > bounds.bystanderP99Ms)
    problems.push(
      `somebody else's calls took ${rounded(p99)} ms (p99) meanwhile, promised are ${bounds.bystanderP99Ms}`,
    );
  if (figures.fullestTenth > bounds.fullestTenth)
    problems.push(
      `a tenth of the interval held ${figures.fullestTenth} times its share of a process's beats, promised are ${bounds.fullestTenth}`,
    );
  if (figures.controlInFlightMax <= bounds.inFlight && figures.controlFullestTenth <= bounds.fullestTenth)
    problems.push('the control, which bounds and spreads nothing, behaved: this experiment proves nothing');
  return { problems, figures };
}

/** How many times its even share the fullest tenth of the interval holds. */
function fullestTenth(sentAt: readonly number[], intervalMs: number): number {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const at of sentAt) {
    const tenth = Math.floor(((at % intervalMs) / intervalMs) * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  return sentAt.length === 0 ? 0 : Math.max(...tenths) / (sentAt.length / 10);
}

function roundsOf(
  history: readonly HerdEvent[],
): { readonly who: Herd; readonly round: number; readonly events: HerdEvent[] }[] {
  const rounds: { who: Herd; round: number; events: HerdEvent[] }[] = [];
  for (const event of history) {
    if (event.event === 'round') rounds.push({ who: event.who, round: event.round, events: [] });
    rounds.at(-1)?.events.push(event);
  }
  return rounds;
}
