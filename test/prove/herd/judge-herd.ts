import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { quantile, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** `raw`: as many, each registered by one bare request as soon as the leader is back. */
export type Herd = 'ours' | 'raw' | 'control';

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
  /** Of what the raw ones take for one request each: ours pause for up to 250 ms, look, register, and then beat. */
  allPassingRatio: 6,
  inFlight: 16,
  /** Of what another client waits (p99) while the raw ones register. */
  bystanderRatio: 3,
  /** Of its share of the beats, in the fullest tenth of the interval. */
  fullestTenth: 1.5,
} as const;

export interface HerdFigures {
  readonly allPassingMs: Spread;
  readonly rawAllPassingMs: Spread;
  /** Ours over the raw ones, at their medians. */
  readonly allPassingRatio: number;
  readonly inFlightMax: number;
  readonly connectionsMax: number;
  readonly bystanderMs: Spread;
  readonly rawBystanderMs: Spread;
  /** With ours over with the raw ones, at their p99. */
  readonly bystanderRatio: number;
  readonly fullestTenth: number;
  readonly controlInFlightMax: number;
  readonly controlFullestTenth: number;
}

export function judgeHerd(history: readonly HerdEvent[], plan: HerdPlan): Verdict<HerdFigures> {
  const rounds = roundsOf(history);
  const ours = returnsOf(rounds.filter(({ who }) => who === 'ours'));
  const raw = returnsOf(rounds.filter(({ who }) => who === 'raw'));
  const problems = [...ours.problems, ...raw.problems];
  const of = (who: Herd) => rounds.filter((round) => round.who === who).flatMap(({ events }) => events);
  const most = (who: Herd, what: 'most' | 'connections') =>
    quantile(
      of(who)
        .filter((event) => event.event === 'inFlight')
        .map((event) => event[what]),
      1,
    );
  const fullest = (who: Herd) => {
    const beats = of(who).filter((event) => event.event === 'beats');
    return rounded(
      quantile(
        beats.map(({ sentAt }) => fullestTenth(sentAt, plan.intervalMs)),
        1,
      ),
    );
  };
  const times = { allPassingMs: spreadOf(ours.passing), rawAllPassingMs: spreadOf(raw.passing) };
  const figures = {
    ...times,
    allPassingRatio: rounded(times.allPassingMs.p50 / times.rawAllPassingMs.p50),
    inFlightMax: most('ours', 'most'),
    connectionsMax: most('ours', 'connections'),
    bystanderMs: spreadOf(ours.bystander),
    rawBystanderMs: spreadOf(raw.bystander),
    bystanderRatio: rounded(quantile(ours.bystander, 0.99) / quantile(raw.bystander, 0.99)),
    fullestTenth: fullest('ours'),
    controlInFlightMax: most('control', 'most'),
    controlFullestTenth: fullest('control'),
  };
  const { allPassingRatio, bystanderRatio, inFlightMax, fullestTenth: tenth } = figures;
  problems.push(...findUnmeasured({ ...times, allPassingRatio, bystanderRatio, inFlightMax, fullestTenth: tenth }));
  if (inFlightMax === 0) problems.push('no request of ours was ever seen in flight');
  if (allPassingRatio > bounds.allPassingRatio) {
    const times = `${allPassingRatio} times what raw ones take`;
    problems.push(`all were passing after ${times}, promised are ${bounds.allPassingRatio}`);
  }
  if (figures.inFlightMax > bounds.inFlight)
    problems.push(`one process had ${figures.inFlightMax} requests in flight, promised are ${bounds.inFlight}`);
  if (bystanderRatio > bounds.bystanderRatio) {
    const times = `${bystanderRatio} times (p99) as long as beside raw ones`;
    problems.push(`another client waited ${times}, promised are ${bounds.bystanderRatio}`);
  }
  if (figures.fullestTenth > bounds.fullestTenth)
    problems.push(
      `a tenth of the interval held ${figures.fullestTenth} times its share of a process's beats, promised are ${bounds.fullestTenth}`,
    );
  if (!(figures.controlInFlightMax > bounds.inFlight || figures.controlFullestTenth > bounds.fullestTenth)) {
    problems.push('the control, which bounds and spreads nothing, behaved: this experiment proves nothing');
  }
  return { problems, figures };
}

interface Round {
  readonly who: Herd;
  readonly round: number;
  readonly events: HerdEvent[];
}

interface Returns {
  readonly problems: string[];
  /** How long all took to be back, round by round. */
  readonly passing: number[];
  /** How long each call of another client took meanwhile; Infinity: it failed. */
  readonly bystander: number[];
}

function returnsOf(rounds: readonly Round[]): Returns {
  const returns: Returns = { problems: [], passing: [], bystander: [] };
  for (const { who, round, events } of rounds) {
    const name = `${who}, round ${round}`;
    const leaderAt = events.find((event) => event.event === 'leader')?.at;
    const allAt = events.find((event) => event.event === 'passing')?.at;
    if (leaderAt === undefined || events.at(-1)?.event !== 'over') {
      returns.problems.push(`${name}: it was not observed to its end`);
      continue;
    }
    if (allAt === undefined) returns.problems.push(`${name}: not all of them were passing`);
    else returns.passing.push(allAt - leaderAt);
    const isMeanwhile = ({ at }: { readonly at: number }) => at >= leaderAt && at <= (allAt ?? Infinity);
    const calls = events.filter((event) => event.event === 'bystander').filter(isMeanwhile);
    returns.problems.push(...findUnmeasured({ [`calls of another client (${name})`]: { n: calls.length } }));
    returns.bystander.push(...calls.map(({ tookMs }) => tookMs ?? Infinity));
  }
  return returns;
}

/** How many times its even share the fullest tenth of the interval holds; NaN without beats. */
function fullestTenth(sentAt: readonly number[], intervalMs: number): number {
  const tenths = Array.from({ length: 10 }, () => 0);
  for (const at of sentAt) {
    const tenth = Math.floor(((at % intervalMs) / intervalMs) * 10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  return Math.max(...tenths) / (sentAt.length / 10);
}

function roundsOf(history: readonly HerdEvent[]): Round[] {
  const rounds: Round[] = [];
  for (const event of history) {
    if (event.event === 'round') rounds.push({ who: event.who, round: event.round, events: [] });
    rounds.at(-1)?.events.push(event);
  }
  return rounds;
}
