import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** `at` on the wall clock. */
export type RotationEvent =
  /** The token file has token number `index` from now on; it was `buried` when the servers no longer know it. */
  | { readonly event: 'swapped'; readonly at: number; readonly index: number }
  | { readonly event: 'buried'; readonly at: number; readonly index: number }
  /** The last token is deleted and has no successor; then a good one is written. */
  | { readonly event: 'revoked' | 'good'; readonly at: number }
  /** What readers were handed of ours. */
  | { readonly event: 'sample'; readonly at: number; readonly passing: boolean }
  /** A heartbeat of the control, which readers go on being handed: its agent may no longer tell the servers that it fails. */
  | { readonly event: 'control'; readonly at: number; readonly accepted: boolean }
  | { readonly event: 'beat' | 'beatMissed' | 'rotated'; readonly at: number }
  | { readonly event: 'state'; readonly at: number; readonly to: string };

export const bounds = {
  /** How long an agent believes in a token that was deleted. */
  agentBelievesMs: 30_000,
  /** A token file is looked at every 500 ms at the latest, and read once it has not changed for 100 ms. */
  healedMs: 1_000,
  /** Looks at the service between two swaps, at least. */
  samplesPerSwap: 10,
} as const;

export interface RotationFigures {
  readonly swaps: number;
  readonly beats: number;
  readonly missed: number;
  readonly samples: number;
  readonly notPassing: number;
  /** From a new token in the file to the service registered under it. */
  readonly rotatedMs: Spread;
  readonly visibleMs: number;
  readonly healedMs: number;
  readonly controlRefused: number;
}

/** Judges a whole history; `intervalMs` is that of the heartbeats. */
export function judgeRotation(history: readonly RotationEvent[], intervalMs: number): Verdict<RotationFigures> {
  const problems: string[] = [];
  const revokedAt = history.find(({ event }) => event === 'revoked')?.at ?? Infinity;
  const goodAt = history.find(({ event }) => event === 'good')?.at ?? Infinity;
  const rotating = history.filter(({ at }) => at < revokedAt);
  const swaps = rotating.filter((event) => event.event === 'swapped');
  const rotations = rotating.filter(({ event }) => event === 'rotated').map(({ at }) => at);
  const count = (name: RotationEvent['event']) => rotating.filter(({ event }) => event === name).length;
  const samples = rotating.filter((event) => event.event === 'sample');
  const notPassing = samples.filter(({ passing }) => !passing).length;

  const took: number[] = [];
  for (const { index, at } of swaps) {
    const rotatedAt = rotations.find((each) => each >= at);
    const buriedAt = history.find((event) => event.event === 'buried' && event.index === index - 1)?.at;
    if (rotatedAt === undefined) problems.push(`token ${index}: the service was never registered under it`);
    else if (buriedAt === undefined)
      problems.push(`token ${index}: the one before it was never deleted, so this proves nothing`);
    else if (rotatedAt > buriedAt)
      problems.push(
        `token ${index}: the service was registered under it ${rounded(rotatedAt - buriedAt)} ms after the one before had died`,
      );
    if (rotatedAt !== undefined) took.push(rotatedAt - at);
  }
  const beats = count('beat');
  const rotatedMs = spreadOf(took);
  const looks = { n: samples.length };
  problems.push(...findUnmeasured({ rotatedMs, 'the heartbeats': { n: beats }, 'the looks of readers': looks }));
  if (samples.length < swaps.length * bounds.samplesPerSwap)
    problems.push(`readers looked only ${samples.length} times`);
  if (count('beatMissed') > 0) problems.push(`${count('beatMissed')} heartbeats were missed while tokens were swapped`);
  if (notPassing > 0)
    problems.push(`readers saw the service not passing ${notPassing} times while tokens were swapped`);

  const stateAfter = (to: string, since: number) =>
    history.find((event) => event.event === 'state' && event.to === to && event.at >= since)?.at ?? Infinity;
  const visibleMs = stateAfter('recovering', revokedAt) - revokedAt;
  const longest = bounds.agentBelievesMs + intervalMs;
  if (visibleMs > longest) {
    problems.push(`a revoked token was visible after ${rounded(visibleMs)} ms, promised are ${rounded(longest)}`);
  }
  const passesAt =
    history.find((event) => event.event === 'sample' && event.passing && event.at >= stateAfter('registered', goodAt))
      ?.at ?? Infinity;
  const healedMs = passesAt - goodAt;
  problems.push(...findUnmeasured({ visibleMs, healedMs }));
  if (healedMs > bounds.healedMs) {
    problems.push(`passing ${rounded(healedMs)} ms after a good token, promised are ${bounds.healedMs}`);
  }

  const control = history.filter((event) => event.event === 'control');
  const controlRefused = control.filter(({ accepted }) => !accepted).length;
  if (controlRefused === 0 || controlRefused === control.length)
    problems.push(
      'the control, which keeps its first token, was not accepted and then refused: this experiment proves nothing',
    );
  const counts = { swaps: swaps.length, beats, missed: count('beatMissed'), samples: samples.length };
  const times = { rotatedMs, visibleMs: rounded(visibleMs), healedMs: rounded(healedMs) };
  const figures = { ...counts, notPassing, controlRefused, ...times };
  return { problems, figures };
}
