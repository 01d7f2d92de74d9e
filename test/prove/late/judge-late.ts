import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

export type LateFault = 'silent' | 'reset' | '500' | 'slow';
export type LateVerb = 'read' | 'register' | 'update' | 'beat' | 'deregister';
/**
 * `start`: the fault is there before the service. `idle`: it begins between two heartbeats. `stop`: it begins when the
 * service is told to stop. Else with an answer of this kind.
 */
export type LateMoment = 'start' | 'idle' | 'stop' | LateVerb;

export interface LateCell {
  readonly form: 'endpoints' | 'chain' | 'nearest';
  /** What the registry with the fault is; the second is an agent of Consul. */
  readonly first: 'consul' | 'etcd' | 'redis';
  readonly thread: 'main' | 'worker';
  readonly fault: LateFault;
  readonly moment: LateMoment;
  readonly ttlMs: number;
  readonly round: number;
}

export type LateEvent =
  /**
   * From the fault on; undefined: not while it was watched. `firstMs`: until the instance passes at the agent with the
   * fault in every look that follows, which counts only where that agent answers readers, late. `healedMs`: from the
   * end of the fault until it passes at exactly one of the two, but for the moment of a later move; undefined: it did
   * not when the watch ended.
   */
  | ({
      readonly event: 'struck';
      readonly secondMs: number | undefined;
      readonly firstMs: number | undefined;
      readonly healedMs: number | undefined;
    } & LateCell)
  /**
   * A stop, from its begin on: until the instance passes at neither for good; undefined: it did when the watch ended.
   * `stopMs`: until it ended.
   */
  | ({
      readonly event: 'left';
      readonly firstMs: number | undefined;
      readonly secondMs: number | undefined;
      readonly stopMs: number | undefined;
    } & LateCell)
  | ({ readonly event: 'broken'; readonly what: string } & LateCell)
  /** A client that gives each request 5 s, and an agent three of them, before it asks the second. */
  | { readonly event: 'control'; readonly ttlMs: number; readonly secondMs: number | undefined };

export interface LateBounds {
  /** Until it passes at a registry that answers. */
  readonly withinMs: number;
  /** From the end of the fault until it passes at one of the two alone. */
  readonly healedMs: number;
  /** Until an instance that stops is gone there. */
  readonly goneMs: number;
  /** The same at the one with the fault. */
  readonly goneAtFaultMs: number;
  /** The timeout of a stop. */
  readonly stopMs: number;
}

export interface LateFigures {
  readonly cells: number;
  readonly stops: number;
  /** Cells in which it passed at the second agent. */
  readonly secondMs: Spread;
  /** Until it passes at an agent that answers, the slow one among them. */
  readonly anyMs: Spread;
  /** From the end of the fault until it passes at one of the two alone. */
  readonly healedMs: Spread;
  /** Until a stop ended. */
  readonly stopMs: Spread;
  readonly controlMs: number | undefined;
}

export function judgeLate(
  history: readonly LateEvent[],
  boundsOf: (ttlMs: number) => LateBounds,
): Verdict<LateFigures> {
  const problems: string[] = [];
  const struck = history.filter((event) => event.event === 'struck');
  for (const cell of struck) {
    const { withinMs, healedMs } = boundsOf(cell.ttlMs);
    const ms = anyOf(cell);
    if (ms === undefined) problems.push(`${nameOf(cell)}: never passing while it was watched`);
    else if (ms > withinMs) problems.push(`${nameOf(cell)}: passing after ${rounded(ms)} ms, promised are ${withinMs}`);
    if (ms !== undefined && !(Number(cell.healedMs) <= healedMs))
      problems.push(`${nameOf(cell)}: ${healing(cell)}, promised are ${healedMs}`);
  }
  const left = history.filter((event) => event.event === 'left');
  for (const cell of left) problems.push(...leftBehind(cell, boundsOf(cell.ttlMs)));
  for (const event of history) if (event.event === 'broken') problems.push(`${nameOf(event)}: ${event.what}`);
  const control = history.find((event) => event.event === 'control');
  if (control === undefined || (control.secondMs !== undefined && control.secondMs <= boundsOf(control.ttlMs).withinMs))
    problems.push('the control, which is patient with the first agent, was as quick: this experiment proves nothing');
  const measured = {
    secondMs: spreadOf(struck.flatMap(({ secondMs }) => secondMs ?? [])),
    anyMs: spreadOf(struck.flatMap((cell) => anyOf(cell) ?? [])),
    healedMs: spreadOf(struck.flatMap(({ healedMs }) => healedMs ?? [])),
  };
  problems.push(...findUnmeasured(measured));
  const stopMs = spreadOf(left.flatMap((cell) => cell.stopMs ?? []));
  const figures = { cells: struck.length, stops: left.length, ...measured, stopMs, controlMs: control?.secondMs };
  return { problems, figures };
}

function leftBehind(cell: Extract<LateEvent, { event: 'left' }>, bounds: LateBounds): string[] {
  const measured = [
    ['gone at the second', cell.secondMs, bounds.goneMs],
    ['gone at the first', cell.firstMs, bounds.goneAtFaultMs],
    ['the end of the stop', cell.stopMs, bounds.stopMs],
  ] as const;
  return measured.flatMap(([what, ms, promised]) => {
    if (ms !== undefined && ms <= promised) return [];
    const after = ms === undefined ? 'never while it was watched' : `after ${rounded(ms)} ms`;
    return [`${nameOf(cell)}: ${what} ${after}, promised are ${promised}`];
  });
}

/** Until it passes at an agent that answers. */
export function anyOf(cell: Extract<LateEvent, { event: 'struck' }>): number | undefined {
  const times = [cell.secondMs, cell.fault === 'slow' ? cell.firstMs : undefined].flatMap((ms) => ms ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

function healing({ healedMs }: Extract<LateEvent, { event: 'struck' }>): string {
  const after = healedMs === undefined ? 'never while it was watched' : `after ${rounded(healedMs)} ms`;
  return `healed, passing at one alone ${after}`;
}

function nameOf({ form, first, thread, fault, moment, ttlMs, round }: LateCell): string {
  return `${form}, ${first} first, ${thread}, ${fault} at ${moment}, TTL ${ttlMs / 1_000} s, round ${round}`;
}
