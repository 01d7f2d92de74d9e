import { quantile, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';
import type { Verdict } from '../experiment/experiment.js';

/** `emptied`: the agent was killed and started empty; `deregistered`: by somebody else; `late`: the agent came after the app. */
export type Loss = 'emptied' | 'deregistered' | 'late';
export type Watched = 'ours' | 'raw' | 'control';

/** What was observed; `at` on the wall clock. A round begins with its `round` event and ends with `over`. */
export type RecoveryEvent =
  | { readonly event: 'round'; readonly round: number; readonly loss: Loss; readonly at: number }
  /** The outside deregister was sent. */
  | { readonly event: 'struck'; readonly at: number }
  /** What `?passing` lists has changed, as seen by the poller: the creation index of the entry, or undefined when it is not there. */
  | { readonly event: 'seen'; readonly who: Watched; readonly at: number; readonly listed: number | undefined }
  /** How long `register()` took the app's time. */
  | { readonly event: 'started'; readonly at: number; readonly tookMs: number }
  | { readonly event: 'over'; readonly at: number };

export const bounds = {
  behindRawP99: 250,
  backP50: 20,
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
  readonly startedMs: number;
}

/** Judges a whole history. A round in which ours never came back, or went again, is a problem of its own and no measurement. */
export function judgeRecovery(history: readonly RecoveryEvent[]): Verdict<RecoveryFigures> {
  const problems: string[] = [];
  const took: Record<Loss, number[]> = { emptied: [], deregistered: [], late: [] };
  for (const round of roundsOf(history)) {
    const name = `${round.loss} round ${round.round}`;
    const back = returnOf(round);
    if (typeof back === 'string') problems.push(`${name}: ${back}`);
    else took[round.loss].push(back);
    if (
      round.loss !== 'deregistered' &&
      round.events.some((event) => event.event === 'seen' && event.who === 'control' && event.listed !== undefined)
    ) {
      problems.push(
        `${name}: the control, which registered once and only beats, is listed: this experiment proves nothing`,
      );
    }
  }
  for (const loss of ['emptied', 'deregistered', 'late'] as const) {
    if (took[loss].length === 0) problems.push(`no '${loss}' round was measured`);
  }
  if (!history.some((event) => event.event === 'seen' && event.who === 'control' && event.listed !== undefined)) {
    problems.push('the control was never listed at all: this experiment proves nothing');
  }
  const starts = history.filter((event) => event.event === 'started').map(({ tookMs }) => tookMs);
  const startedMs = rounded(quantile(starts, 1));
  for (const loss of ['emptied', 'late'] as const) {
    const p99 = quantile(took[loss], 0.99);
    if (p99 > bounds.behindRawP99)
      problems.push(`${loss}: back ${rounded(p99)} ms (p99) after a raw client, promised are ${bounds.behindRawP99}`);
  }
  const p50 = quantile(took.deregistered, 0.5);
  if (p50 > bounds.backP50)
    problems.push(`deregistered: back after ${rounded(p50)} ms (p50), promised are ${bounds.backP50}`);
  if (!(startedMs <= bounds.startMs))
    problems.push(`register() took ${startedMs} ms of the app's time, promised are at most ${bounds.startMs}`);
  const figures = {
    emptied: spreadOf(took.emptied),
    deregistered: spreadOf(took.deregistered),
    late: spreadOf(took.late),
    startedMs,
  };
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

/** Milliseconds from the yardstick of the round to ours being back for good, or what went wrong. */
function returnOf({ loss, events }: Round): number | string {
  if (events.at(-1)?.event !== 'over') return 'it was not observed to its end';
  const struckAt = events.find(({ event }) => event === 'struck')?.at;
  const before =
    loss === 'deregistered'
      ? sightings(events, 'ours').find(({ at }) => struckAt !== undefined && at <= struckAt)?.listed
      : undefined;
  const since =
    loss === 'deregistered' ? struckAt : sightings(events, 'raw').find(({ listed }) => listed !== undefined)?.at;
  if (since === undefined) return 'the yardstick is missing';
  const ours = sightings(events, 'ours');
  const back = ours.find(({ listed }) => listed !== undefined && listed !== before);
  if (back === undefined) return 'ours did not come back';
  if (ours.some(({ at, listed }) => at > back.at && listed !== back.listed)) return 'ours came back and went again';
  return back.at - since;
}

function sightings(events: readonly RecoveryEvent[], who: Watched): Extract<RecoveryEvent, { event: 'seen' }>[] {
  return events.filter((event) => event.event === 'seen').filter((event) => event.who === who);
}
