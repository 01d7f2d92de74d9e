import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';
import { wedges } from './stalls.js';
import type { StallKind } from './stalls.js';

/** What was observed, times on the wall clock. Every service is watched by itself. */
export type StallEvent =
  | {
      readonly event: 'stalled';
      readonly service: string;
      readonly who: 'ours' | 'control';
      readonly kind: StallKind;
      readonly began: number;
      readonly ended: number;
    }
  /** Whether readers of passing instances were given it; noted when that changes. */
  | { readonly event: 'seen'; readonly service: string; readonly at: number; readonly passing: boolean }
  /** So many looks were taken while our services stalled and right after, and so many of them found nothing. */
  | { readonly event: 'looked'; readonly service: string; readonly looks: number; readonly inVain: number };

export interface StallBounds {
  readonly toleranceMs: number;
}

/** A thread gives a sign of life every 50 ms: five of them, and ten. */
export const bounds = { criticalAfterToleranceMs: 250, passingAfterReleaseMs: 500 } as const;

export interface StallFigures {
  /** Under the tolerance. */
  readonly shortStalls: number;
  readonly looks: number;
  /** Looks out of `?passing`. */
  readonly outOfPassing: number;
  /** Planned to be under the tolerance and, on a machine that was busy, over it: neither one nor the other. */
  readonly overrun: number;
  readonly longestShortMs: number;
  readonly wedges: number;
  /** From the end of the tolerance to being out of `?passing`. */
  readonly criticalMs: Spread;
  /** From the release to being back. */
  readonly passingMs: Spread;
  readonly controlStalls: number;
  /** Stalls that took the control out of `?passing`. */
  readonly controlFlips: number;
}

type Stalled = Extract<StallEvent, { event: 'stalled' }>;

/** A stall of exactly the tolerance is neither short nor long; timers of both sides have their grain. */
const SHORT_SHARE = 0.98;

export function judgeStall(history: readonly StallEvent[], { toleranceMs }: StallBounds): Verdict<StallFigures> {
  const problems: string[] = [];
  const stalls = history.filter((event) => event.event === 'stalled');
  const seen = history.filter((event) => event.event === 'seen');
  const looked = history.filter((event) => event.event === 'looked');
  const isWedge = ({ kind }: Stalled) => (wedges as readonly string[]).includes(kind);
  const lengthOf = ({ began, ended }: Stalled) => ended - began;
  const ours = stalls.filter(({ who }) => who === 'ours');
  const control = stalls.filter(({ who }) => who === 'control');
  const planned = ours.filter((stall) => !isWedge(stall));
  const short = planned.filter((stall) => lengthOf(stall) <= toleranceMs * SHORT_SHARE);

  /** The first change of a service to `passing` in a span. */
  const changeIn = (service: string, passing: boolean, from: number, to: number) =>
    seen.find((event) => event.service === service && event.passing === passing && event.at >= from && event.at <= to)
      ?.at;
  const flips = (stall: Stalled) =>
    changeIn(stall.service, false, stall.began, stall.ended + bounds.passingAfterReleaseMs) !== undefined;

  for (const stall of short.filter(flips))
    problems.push(`a stall of ${rounded(lengthOf(stall))} ms (${stall.kind}) took ${stall.service} out of ?passing`);
  const criticalMs: number[] = [];
  const passingMs: number[] = [];
  const long = ours.filter(isWedge);
  for (const wedge of long) {
    const { service, kind, began, ended } = wedge;
    const what = `a wedge of ${rounded(lengthOf(wedge))} ms (${kind}) of ${service}`;
    const out = changeIn(service, false, began, ended);
    if (out === undefined) problems.push(`${what} was never critical`);
    else {
      const after = out - began - toleranceMs;
      criticalMs.push(after);
      if (after < 0) problems.push(`${what} was critical ${rounded(-after)} ms before the tolerance was over`);
      if (after > bounds.criticalAfterToleranceMs)
        problems.push(
          `${what} was critical ${rounded(after)} ms after the tolerance, promised are ${bounds.criticalAfterToleranceMs}`,
        );
    }
    const back = changeIn(service, true, ended, Infinity);
    if (back !== undefined) passingMs.push(back - ended);
    if (back === undefined || back - ended > bounds.passingAfterReleaseMs)
      problems.push(
        `${what} was passing ${back === undefined ? 'never' : `${rounded(back - ended)} ms`} after its release, promised are ${bounds.passingAfterReleaseMs}`,
      );
  }
  const inVain = looked.reduce((sum, event) => sum + event.inVain, 0);
  if (inVain > 0) problems.push(`${inVain} looks during stalls under the tolerance found the service out of ?passing`);
  const controlFlips = control.filter(flips).length;
  if (controlFlips === 0)
    problems.push(
      'the control, whose heartbeats come from the main thread, was never out of ?passing: this experiment proves nothing',
    );
  const looks = looked.reduce((sum, event) => sum + event.looks, 0);
  const figures = {
    shortStalls: short.length,
    looks,
    outOfPassing: inVain,
    overrun: planned.length - short.length,
    longestShortMs: rounded(Math.max(0, ...short.map(lengthOf))),
    wedges: long.length,
    criticalMs: spreadOf(criticalMs),
    passingMs: spreadOf(passingMs),
    controlStalls: control.length,
    controlFlips,
  };
  problems.push(
    ...findUnmeasured({
      shortStalls: { n: short.length },
      looks: { n: looks },
      wedges: { n: long.length },
      controlStalls: { n: control.length },
      criticalMs: figures.criticalMs,
      passingMs: figures.passingMs,
    }),
  );
  return { problems, figures };
}
