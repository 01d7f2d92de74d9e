import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { quantile, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** Two agents of one datacenter, or two datacenters. */
export type Part = 'agents' | 'datacenters';
/** What befalls the preferred one: SIGKILL; SIGSTOP; SIGKILL, and when it is back another instance has our id there. */
export type Fault = 'killed' | 'hung' | 'successor';
export type Place = 'preferred' | 'other';

/** What was observed; `at` on the wall clock. A round is `round`, `struck`, `healed`, `over`, in this order. */
export type TwoAgentsEvent =
  | { readonly event: 'round'; readonly part: Part; readonly fault: Fault; readonly round: number; readonly at: number }
  | { readonly event: 'struck' | 'healed' | 'over'; readonly at: number }
  /** Where readers find entries of ours, and of the control's, and where these pass; noted when it changes. */
  | {
      readonly event: 'seen';
      readonly who: 'ours' | 'control';
      readonly at: number;
      readonly entries: readonly Place[];
      readonly passing: readonly Place[];
    }
  /** Whether the entry of the other instance was still there, and ours elsewhere. */
  | { readonly event: 'successor'; readonly at: number; readonly kept: boolean; readonly oursPasses: boolean }
  /** After both have stopped, at the end of a part: entries that are still there. */
  | {
      readonly event: 'end';
      readonly part: Part;
      readonly at: number;
      readonly ours: number;
      readonly control: number;
    };

export interface TwoAgentsPlan {
  readonly ttlMs: number;
  readonly intervalMs: number;
  /** How long a preferred one that is healed may be left waiting, its trial included. */
  readonly backWithinMs: number;
}

export interface TwoAgentsFigures {
  readonly killedMs: Spread;
  readonly hungMs: Spread;
  readonly backMs: Spread;
  /** The longest time in which two entries passed. */
  readonly doubledMs: number;
  readonly leftOver: number;
  readonly successorsLost: number;
  readonly controlLeftOver: number;
}

/** What befalls the preferred one round by round: each kind of fault at least once, the successor last. */
export function faultsFor(runs: number): Fault[] {
  const moves = Math.max(2, runs - 1);
  return [...Array.from({ length: moves }, (_, nth): Fault => (nth % 2 === 0 ? 'killed' : 'hung')), 'successor'];
}

/** Three failed beats and a second; the first beat that hangs is sent up to an interval after the agent began to. */
export function moveBoundMs(fault: Fault, intervalMs: number): number {
  return (fault === 'hung' ? 4 : 3) * intervalMs + 1_000;
}

export function judgeTwoAgents(history: readonly TwoAgentsEvent[], plan: TwoAgentsPlan): Verdict<TwoAgentsFigures> {
  const problems: string[] = [];
  const moved: Record<'killed' | 'hung', number[]> = { killed: [], hung: [] };
  const back: number[] = [];
  const rounds = roundsOf(history);
  for (const { part, fault, round, events } of rounds) {
    const name = `${part} round ${round} (${fault})`;
    const [struckAt, healedAt] = (['struck', 'healed'] as const).map(
      (which) => events.find(({ event }) => event === which)?.at,
    );
    if (struckAt === undefined || healedAt === undefined || events.at(-1)?.event !== 'over') {
      problems.push(`${name}: it was not observed to its end`);
      continue;
    }
    const ours = events.filter((event) => event.event === 'seen').filter(({ who }) => who === 'ours');
    const there = ours.find(({ at, passing }) => at > struckAt && passing.includes('other'));
    if (there === undefined) problems.push(`${name}: it was never registered with the other`);
    else if (there.at - struckAt > moveBoundMs(fault, plan.intervalMs))
      problems.push(
        `${name}: registered with the other after ${rounded(there.at - struckAt)} ms, promised are ${moveBoundMs(fault, plan.intervalMs)}`,
      );
    if (there !== undefined && fault !== 'successor') moved[fault].push(there.at - struckAt);
    const last = ours.at(-1);
    const home = ours.findLast(
      ({ at, entries, passing }) => at > healedAt && `${entries.join()} ${passing.join()}` === 'preferred preferred',
    );
    if (home === undefined || home !== last) problems.push(`${name}: it is not back with the preferred one alone`);
    else if (fault !== 'successor') back.push(home.at - healedAt);
  }
  const ends = history.filter((event) => event.event === 'end');
  const successors = history.filter((event) => event.event === 'successor');
  const figures = {
    killedMs: spreadOf(moved.killed),
    hungMs: spreadOf(moved.hung),
    backMs: spreadOf(back),
    doubledMs: rounded(longestDouble(history)),
    leftOver: ends.reduce((sum, { ours }) => sum + ours, 0),
    successorsLost: successors.filter(({ kept }) => !kept).length,
    controlLeftOver: ends.reduce((sum, { control }) => sum + control, 0),
  };
  for (const part of ['agents', 'datacenters'] as const) {
    if (!rounds.some((round) => round.part === part)) problems.push(`there was no round of ${part}`);
    const end = ends.find((event) => event.part === part);
    if (end === undefined) problems.push(`${part}: nobody looked for what was left over`);
    else if (end.control === 0)
      problems.push(`${part}: the control, which clears nothing, left nothing over: this experiment proves nothing`);
  }
  const { killedMs, hungMs, backMs } = figures;
  const sightings = history.filter((event) => event.event === 'seen' && event.who === 'ours').length;
  problems.push(...findUnmeasured({ killedMs, hungMs, backMs, doubledMs: sightings === 0 ? NaN : figures.doubledMs }));
  if (quantile(back, 1) > plan.backWithinMs)
    problems.push(
      `back only ${rounded(quantile(back, 1))} ms after the preferred one was healed, promised are ${plan.backWithinMs}`,
    );
  if (figures.doubledMs > plan.ttlMs)
    problems.push(`two entries passed for ${figures.doubledMs} ms, promised is at most a TTL of ${plan.ttlMs}`);
  if (figures.leftOver > 0) problems.push(`${figures.leftOver} entries were left over`);
  if (successors.length === 0) problems.push('no successor was there to be left alone');
  if (figures.successorsLost > 0) problems.push(`${figures.successorsLost} entries of another instance were removed`);
  if (successors.some(({ oursPasses }) => !oursPasses))
    problems.push('ours did not pass elsewhere while another instance had its id');
  return { problems, figures };
}

interface Round {
  readonly part: Part;
  readonly fault: Fault;
  readonly round: number;
  readonly events: TwoAgentsEvent[];
}

function roundsOf(history: readonly TwoAgentsEvent[]): Round[] {
  const rounds: Round[] = [];
  for (const event of history) {
    if (event.event === 'round') rounds.push({ ...event, events: [] });
    const current = rounds.at(-1)?.events;
    // What is seen while it stops belongs to no round.
    if (current?.at(-1)?.event !== 'over') current?.push(event);
  }
  return rounds;
}

/** The successor's rounds do not count: what passes there beside ours is another instance. */
function longestDouble(history: readonly TwoAgentsEvent[]): number {
  let longest = 0;
  let since: number | undefined;
  let counts = true;
  for (const event of history) {
    if (event.event === 'round') counts = event.fault !== 'successor';
    if (since !== undefined) longest = Math.max(longest, event.at - since);
    if (event.event === 'round') since = undefined;
    if (event.event === 'seen' && event.who === 'ours')
      since = counts && event.passing.length > 1 ? (since ?? event.at) : undefined;
  }
  return longest;
}
