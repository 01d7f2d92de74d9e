import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { median, quantile, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** What was observed, `at` on the wall clock. A round is `round`, `paused`, `resumed`, `over`, in this order. */
export type HungAgentEvent =
  | { readonly event: 'round'; readonly round: number; readonly at: number }
  | { readonly event: 'paused' | 'resumed' | 'over'; readonly at: number }
  /** Requests on the wire without an answer, the held poll included, and open connections. */
  | {
      readonly event: 'wire';
      readonly who: 'ours' | 'control';
      readonly at: number;
      readonly inFlight: number;
      readonly connections: number;
    }
  /** Bytes of our process after a garbage collection. */
  | {
      readonly event: 'memory';
      readonly when: 'before' | 'during' | 'after';
      readonly at: number;
      readonly heapUsed: number;
      readonly rss: number;
    }
  /** Whether `?passing` lists ours; noted when it changes, and once after each resume. */
  | { readonly event: 'seen'; readonly at: number; readonly passing: boolean };

export const bounds = {
  /** Heartbeats on schedule until the oldest is a TTL old, beside the held poll. */
  inFlight: 6,
  /** Of a heartbeat interval: a beat is repeated 150 ms after an outage, so nothing has to wait for the next one. */
  passingAfterShare: 0.5,
  /** What a collected heap may differ by from one reading to another without having grown. */
  heapBytes: 1024 * 1024,
  /** The same for the resident set, which the allocator gives back in large pieces only. */
  rssBytes: 10 * 1024 * 1024,
} as const;

export interface HungAgentPlan {
  /** Of the heartbeats. */
  readonly intervalMs: number;
}

export interface HungAgentFigures {
  readonly passingAfterMs: Spread;
  readonly inFlightMax: number;
  readonly connectionsMax: number;
  readonly controlInFlightMax: number;
  /** Largest growth within one pause. */
  readonly heapGrowthKb: number;
  /** From the first round's end to the last one's, in the median of each third. */
  readonly heapTrendKb: number;
  readonly rssGrowthKb: number;
  readonly rssTrendKb: number;
}

export function judgeHungAgent(history: readonly HungAgentEvent[], plan: HungAgentPlan): Verdict<HungAgentFigures> {
  const problems: string[] = [];
  const rounds = roundsOf(history);
  const passing: number[] = [];
  const heapGrowth: number[] = [];
  const rssGrowth: number[] = [];
  const after: Memory[] = [];
  for (const { round, events } of rounds) {
    const back = passingAfter(events);
    if (typeof back === 'string') problems.push(`round ${round}: ${back}`);
    else passing.push(back);
    const [before, during, end] = (['before', 'during', 'after'] as const).map((when) =>
      events.filter((event) => event.event === 'memory').find((event) => event.when === when),
    );
    if (before === undefined || during === undefined || end === undefined) {
      problems.push(`round ${round}: its memory was not read`);
      continue;
    }
    heapGrowth.push(during.heapUsed - before.heapUsed);
    rssGrowth.push(during.rss - before.rss);
    after.push(end);
  }
  const inPause = rounds.flatMap(({ events }) => whilePaused(events));
  const most = (who: 'ours' | 'control', what: 'inFlight' | 'connections') =>
    quantile(
      inPause.filter((wire) => wire.who === who).map((wire) => wire[what]),
      1,
    );
  const kb = (bytes: number) => rounded(bytes / 1024);
  const figures = {
    passingAfterMs: spreadOf(passing),
    inFlightMax: most('ours', 'inFlight'),
    connectionsMax: most('ours', 'connections'),
    controlInFlightMax: most('control', 'inFlight'),
    heapGrowthKb: kb(Math.max(0, quantile(heapGrowth, 1))),
    heapTrendKb: kb(trend(after.map(({ heapUsed }) => heapUsed))),
    rssGrowthKb: kb(Math.max(0, quantile(rssGrowth, 1))),
    rssTrendKb: kb(trend(after.map(({ rss }) => rss))),
  };
  if (rounds.length === 0) problems.push('there was no round');
  problems.push(...findUnmeasured(figures));
  if (figures.inFlightMax > bounds.inFlight)
    problems.push(`${figures.inFlightMax} requests were in flight, promised are ${bounds.inFlight} with the held poll`);
  if (figures.controlInFlightMax <= bounds.inFlight)
    problems.push(
      `the control, which beats without a deadline, had only ${figures.controlInFlightMax} requests in flight: this experiment proves nothing`,
    );
  const slowest = quantile(passing, 1);
  const longestMs = bounds.passingAfterShare * plan.intervalMs;
  if (slowest > longestMs) {
    problems.push(`passing only ${rounded(slowest)} ms after the agent went on, promised are ${longestMs}`);
  }
  for (const [what, grown, limit] of [
    ['the heap grew in a pause', figures.heapGrowthKb, bounds.heapBytes],
    ['the heap grew from round to round', figures.heapTrendKb, bounds.heapBytes],
    ['the resident set grew in a pause', figures.rssGrowthKb, bounds.rssBytes],
    ['the resident set grew from round to round', figures.rssTrendKb, bounds.rssBytes],
  ] as const) {
    if (grown > limit / 1024) problems.push(`${what} by ${grown} kB, flat is at most ${limit / 1024}`);
  }
  return { problems, figures };
}

type Wire = Extract<HungAgentEvent, { event: 'wire' }>;
type Memory = Extract<HungAgentEvent, { event: 'memory' }>;

function roundsOf(history: readonly HungAgentEvent[]): { readonly round: number; readonly events: HungAgentEvent[] }[] {
  const rounds: { round: number; events: HungAgentEvent[] }[] = [];
  for (const event of history) {
    if (event.event === 'round') rounds.push({ round: event.round, events: [] });
    rounds.at(-1)?.events.push(event);
  }
  return rounds;
}

function whilePaused(events: readonly HungAgentEvent[]): Wire[] {
  const from = events.findIndex(({ event }) => event === 'paused');
  const to = events.findIndex(({ event }) => event === 'resumed');
  return from === -1 || to === -1 ? [] : events.slice(from, to).filter((event) => event.event === 'wire');
}

/** From the resume until it passes for good: a first sight of what was still listed from before the pause does not count. */
function passingAfter(events: readonly HungAgentEvent[]): number | string {
  if (events.at(-1)?.event !== 'over') return 'it was not observed to its end';
  const resumedAt = events.find(({ event }) => event === 'resumed')?.at;
  if (resumedAt === undefined) return 'the agent was never resumed';
  const sightings = events.filter((event) => event.event === 'seen').filter(({ at }) => at >= resumedAt);
  const last = sightings.at(-1);
  return last?.passing === true ? last.at - resumedAt : 'it does not pass';
}

/** Growth from the first third to the last; NaN for fewer than two values. */
function trend(values: readonly number[]): number {
  const third = Math.max(1, Math.floor(values.length / 3));
  return values.length < 2 ? NaN : median(values.slice(-third)) - median(values.slice(0, third));
}
