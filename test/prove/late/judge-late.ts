import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

export type LateFault = 'silent' | 'reset' | '500' | 'slow';
export type LateVerb = 'read' | 'register' | 'update' | 'beat';
/** `start`: the fault is there before the service. `idle`: it begins between two heartbeats. Else with an answer of this kind. */
export type LateMoment = 'start' | 'idle' | LateVerb;

export interface LateCell {
  readonly form: 'endpoints' | 'chain';
  readonly thread: 'main' | 'worker';
  readonly fault: LateFault;
  readonly moment: LateMoment;
  readonly round: number;
}

export type LateEvent =
  /**
   * From the fault on; undefined: not while it was watched. `firstMs`: until the instance passes at the agent with the
   * fault in every look that follows, which counts only where that agent answers readers, late.
   */
  | ({
      readonly event: 'struck';
      readonly secondMs: number | undefined;
      readonly firstMs: number | undefined;
    } & LateCell)
  | ({ readonly event: 'broken'; readonly what: string } & LateCell)
  /** A client that gives each request 5 s, and an agent three of them, before it asks the second. */
  | { readonly event: 'control'; readonly secondMs: number | undefined };

export interface LateFigures {
  readonly cells: number;
  /** Cells in which it passed at the second agent. */
  readonly secondMs: Spread;
  /** Until it passes at an agent that answers, the slow one among them. */
  readonly anyMs: Spread;
  readonly controlMs: number | undefined;
}

export function judgeLate(history: readonly LateEvent[], { withinMs }: { withinMs: number }): Verdict<LateFigures> {
  const problems: string[] = [];
  const struck = history.filter((event) => event.event === 'struck');
  for (const cell of struck) {
    const ms = anyOf(cell);
    if (ms === undefined) problems.push(`${nameOf(cell)}: never passing while it was watched`);
    else if (ms > withinMs) problems.push(`${nameOf(cell)}: passing after ${rounded(ms)} ms, promised are ${withinMs}`);
  }
  for (const event of history) if (event.event === 'broken') problems.push(`${nameOf(event)}: ${event.what}`);
  const control = history.find((event) => event.event === 'control');
  if (control === undefined || (control.secondMs !== undefined && control.secondMs <= withinMs))
    problems.push('the control, which is patient with the first agent, was as quick: this experiment proves nothing');
  const measured = {
    secondMs: spreadOf(struck.flatMap(({ secondMs }) => secondMs ?? [])),
    anyMs: spreadOf(struck.flatMap((cell) => anyOf(cell) ?? [])),
  };
  problems.push(...findUnmeasured(measured));
  return { problems, figures: { cells: struck.length, ...measured, controlMs: control?.secondMs } };
}

/** Until it passes at an agent that answers. */
export function anyOf(cell: Extract<LateEvent, { event: 'struck' }>): number | undefined {
  const times = [cell.secondMs, cell.fault === 'slow' ? cell.firstMs : undefined].flatMap((ms) => ms ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}

function nameOf({ form, thread, fault, moment, round }: LateCell): string {
  return `${form}, ${thread}, ${fault} at ${moment}, round ${round}`;
}
