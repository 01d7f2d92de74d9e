import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { quantile, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** `emptied`: the agent was killed and started empty; `deregistered`: by somebody else; `late`: the agent came after the app. */
export type Loss = 'emptied' | 'deregistered' | 'late';
export type Watched = 'ours' | 'raw' | 'control';

/** What was observed; `at` on the wall clock. A round begins with its `round` event and ends with `over`. */
export type RecoveryEvent =
  | { readonly event: 'round'; readonly round: number; readonly loss: Loss; readonly at: number }
  /** The outside deregister was sent: to ours, and to a raw client that waits for it and registers again. */
  | { readonly event: 'struck'; readonly who: 'ours' | 'raw'; readonly at: number }
  /** What `?passing` lists has changed, as seen by the poller: the creation index of the entry, or undefined when it is not there. */
  | { readonly event: 'seen'; readonly who: Watched; readonly at: number; readonly listed: number | undefined }
  /** How long `register()` took the app's time. */
  | { readonly event: 'started'; readonly at: number; readonly tookMs: number }
  | { readonly event: 'over'; readonly at: number };

export const bounds = {
  /** The longest pause between two tries at a registry on this host. */
  longestPauseMs: 250,
  /** Ours looks first, registers, and then beats; a raw client only registers. */
  backRatio: 5,
  /** `wait`, and what a busy machine may add to a timer. */
  startMs: 5_000 + 100,
} as const;

interface Round {
  readonly round: number;
  readonly loss: Loss;
  readonly events: RecoveryEvent[];
}

export interface RecoveryFigures {
  readonly emptied: Spread;
  readonly deregistered: Spread;
  readonly late: Spread;
  /** From the deregister until a raw client is back. */
  readonly rawBack: Spread;
  /** Ours over a raw client, at their medians. */
  readonly backRatio: number;
  readonly startedMs: number;
}

/** Judges a whole history. A round in which ours never came back, or went again, is a problem of its own and no measurement. */
export function judgeRecovery(history: readonly RecoveryEvent[]): Verdict<RecoveryFigures> {
  const problems: string[] = [];
  const took: Record<Loss, number[]> = { emptied: [], deregistered: [], late: [] };
  const raw: number[] = [];
  for (const round of roundsOf(history)) {
    const name = `${round.loss} round ${round.round}`;
    const back = returnOf(round);
    if (typeof back === 'string') problems.push(`${name}: ${back}`);
    else took[round.loss].push(back);
    if (round.loss === 'deregistered') raw.push(...rawReturnOf(round));
    if (
      round.loss !== 'deregistered' &&
      round.events.some((event) => event.event === 'seen' && event.who === 'control' && event.listed !== undefined)
    ) {
      problems.push(
        `${name}: the control, which registered once and only beats, is listed: this experiment proves nothing`,
      );
    }
  }
  if (!history.some((event) => event.event === 'seen' && event.who === 'control' && event.listed !== undefined)) {
    problems.push('the control was never listed at all: this experiment proves nothing');
  }
  const starts = history.filter((event) => event.event === 'started').map(({ tookMs }) => tookMs);
  const [emptied, deregistered, late] = [spreadOf(took.emptied), spreadOf(took.deregistered), spreadOf(took.late)];
  const spreads = { emptied, deregistered, late, rawBack: spreadOf(raw) };
  const backRatio = rounded(spreads.deregistered.p50 / spreads.rawBack.p50);
  const figures = { ...spreads, backRatio, startedMs: rounded(quantile(starts, 1)) };
  problems.push(...findUnmeasured({ ...figures }));
  // After the longest pause it needs what it needs after a deregister.
  const longestMs = rounded(bounds.longestPauseMs + bounds.backRatio * spreads.rawBack.p50);
  for (const loss of ['emptied', 'late'] as const) {
    const { p99 } = spreads[loss];
    if (p99 > longestMs) problems.push(`${loss}: back ${p99} ms (p99) after a raw client, promised are ${longestMs}`);
  }
  if (backRatio > bounds.backRatio) {
    const times = `${backRatio} times what a raw client takes (p50)`;
    problems.push(`deregistered: back after ${times}, promised are ${bounds.backRatio}`);
  }
  if (figures.startedMs > bounds.startMs) {
    problems.push(`register() took ${figures.startedMs} ms of the app's time, promised are at most ${bounds.startMs}`);
  }
  return { problems, figures };
}

function roundsOf(history: readonly RecoveryEvent[]): Round[] {
  const rounds: Round[] = [];
  for (const event of history) {
    if (event.event === 'round') rounds.push({ round: event.round, loss: event.loss, events: [] });
    rounds.at(-1)?.events.push(event);
  }
  return rounds;
}

type Sighting = Extract<RecoveryEvent, { event: 'seen' }>;

/** Milliseconds from the yardstick of the round to ours being back for good, or what went wrong. */
function returnOf({ loss, events }: Round): number | string {
  if (events.at(-1)?.event !== 'over') return 'it was not observed to its end';
  const rawListedAt = sightings(events, 'raw').find(({ listed }) => listed !== undefined)?.at;
  const since = loss === 'deregistered' ? struckAt(events, 'ours') : rawListedAt;
  if (since === undefined) return 'the yardstick is missing';
  const ours = sightings(events, 'ours');
  const back = loss === 'deregistered' ? firstOther(ours, since) : ours.find(({ listed }) => listed !== undefined);
  if (back === undefined) return 'ours did not come back';
  if (ours.some(({ at, listed }) => at > back.at && listed !== back.listed)) return 'ours came back and went again';
  return back.at - since;
}

/** Milliseconds from the deregister until the raw client is back; none where it never was. */
function rawReturnOf({ events }: Round): number[] {
  const since = struckAt(events, 'raw');
  const back = since === undefined ? undefined : firstOther(sightings(events, 'raw'), since);
  return since === undefined || back === undefined ? [] : [back.at - since];
}

function struckAt(events: readonly RecoveryEvent[], who: 'ours' | 'raw'): number | undefined {
  return events.find((event) => event.event === 'struck' && event.who === who)?.at;
}

/** The first sight of an entry that is not the one from before the deregister. */
function firstOther(seen: readonly Sighting[], since: number): Sighting | undefined {
  const before = seen.findLast(({ at }) => at <= since)?.listed;
  return seen.find(({ listed }) => listed !== undefined && listed !== before);
}

function sightings(events: readonly RecoveryEvent[], who: Watched): Sighting[] {
  return events.filter((event) => event.event === 'seen').filter((event) => event.who === who);
}
