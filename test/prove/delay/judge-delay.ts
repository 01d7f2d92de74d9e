import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** A round trip that one process has on one registry. */
export interface DelayCell {
  readonly registry: string;
  readonly thread: 'main' | 'worker';
  readonly round: number;
  readonly tripMs: number;
}

/** What was measured in a cell; `broken`: it could not be. */
export type DelayEvent =
  /** The delay began after `registered`. `out`: in how many looks not all of them passed. */
  | ({
      readonly event: 'stayed';
      readonly looks: number;
      readonly out: number;
      readonly lost: number;
      readonly missed: number;
    } & DelayCell)
  /** SIGTERM under the delay. `left`: entries at its end; the code is undefined when it never ended. */
  | ({
      readonly event: 'stopped';
      readonly tookMs: number;
      readonly code: number | null | undefined;
      readonly left: number;
    } & DelayCell)
  /** A start under the delay; undefined: never listed while it was watched. */
  | ({ readonly event: 'started'; readonly listedMs: number | undefined } & DelayCell)
  | ({ readonly event: 'broken'; readonly what: string } & DelayCell)
  /** A client with a deadline for each heartbeat, under the longest round trip, on Consul. */
  | { readonly event: 'control'; readonly looks: number; readonly out: number };

export interface DelayBounds {
  readonly drainMinMs: number;
  /** What a busy machine and the local part of the work may add. */
  readonly slackMs: number;
}

export interface DelayFigures {
  readonly cells: number;
  readonly looks: number;
  readonly out: number;
  readonly lost: number;
  readonly missed: number;
  /** Time beyond what the round trips and `drain.min` take; below 0: less than two or three of them. */
  readonly stopBeyondMs: Spread;
  readonly listedBeyondMs: Spread;
  readonly controlLooks: number;
  readonly controlOut: number;
}

export function judgeDelay(
  history: readonly DelayEvent[],
  { drainMinMs, slackMs }: DelayBounds,
): Verdict<DelayFigures> {
  const problems: string[] = [];
  const of = <K extends DelayEvent['event']>(kind: K) =>
    history.filter((event): event is Extract<DelayEvent, { event: K }> => event.event === kind);
  const [stayed, stopped, started] = [of('stayed'), of('stopped'), of('started')];
  for (const cell of stayed) {
    if (cell.looks === 0) problems.push(`${nameOf(cell)}: no looks`);
    if (cell.out > 0) problems.push(`${nameOf(cell)}: out in ${cell.out} of ${cell.looks} looks`);
    if (cell.lost > 0) problems.push(`${nameOf(cell)}: told ${cell.lost} times that it was lost`);
  }
  const stopBeyond = ({ tookMs, tripMs }: { tookMs: number; tripMs: number }) => tookMs - 2 * tripMs - drainMinMs;
  for (const cell of stopped) {
    if (Number.isNaN(cell.left)) problems.push(`${nameOf(cell)}: it is not known what is left`);
    if (cell.left > 0) problems.push(`${nameOf(cell)}: ${cell.left} entries left after a stop`);
    if (cell.code !== 0) problems.push(`${nameOf(cell)}: ${ended(cell.code)}`);
    if (stopBeyond(cell) > slackMs)
      problems.push(`${nameOf(cell)}: stopped after ${rounded(cell.tookMs)} ms, ${beyond(stopBeyond(cell))}`);
  }
  const listedBeyond = ({ listedMs, tripMs }: { listedMs: number; tripMs: number }) => listedMs - 3 * tripMs;
  const listed = started.flatMap((cell) => (cell.listedMs === undefined ? [] : [{ ...cell, listedMs: cell.listedMs }]));
  for (const cell of started)
    if (cell.listedMs === undefined) problems.push(`${nameOf(cell)}: started and never listed while it was watched`);
  for (const cell of listed)
    if (listedBeyond(cell) > slackMs)
      problems.push(`${nameOf(cell)}: listed after ${rounded(cell.listedMs)} ms, ${beyond(listedBeyond(cell))}`);
  problems.push(...of('broken').map((cell) => `${nameOf(cell)}: ${cell.what}`));
  const [control] = of('control');
  if (control === undefined || control.out === 0)
    problems.push('the control, with a deadline for each heartbeat, was never out: this experiment proves nothing');
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  const measured = {
    stopBeyondMs: spreadOf(stopped.map(stopBeyond)),
    listedBeyondMs: spreadOf(listed.map(listedBeyond)),
  };
  problems.push(...findUnmeasured({ ...measured, stayed: { n: stayed.length } }));
  const figures = {
    ...measured,
    cells: stayed.length,
    looks: sum(stayed.map(({ looks }) => looks)),
    out: sum(stayed.map(({ out }) => out)),
    lost: sum(stayed.map(({ lost }) => lost)),
    missed: sum(stayed.map(({ missed }) => missed)),
    controlLooks: control?.looks ?? 0,
    controlOut: control?.out ?? 0,
  };
  return { problems, figures };
}

function nameOf({ registry, thread, round, tripMs }: DelayCell): string {
  return `${registry}, ${thread}, ${tripMs / 1000} s, round ${round}`;
}

function ended(code: number | null | undefined): string {
  if (code === undefined) return 'never ended after SIGTERM while it was watched';
  return code === null ? 'ended by a signal' : `ended with ${code}`;
}

function beyond(ms: number): string {
  return `${rounded(ms)} ms more than its round trips take`;
}
