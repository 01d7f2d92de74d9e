import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { quantile, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

export const faults = [
  'latency',
  'stall',
  'reset',
  'cut',
  'drip',
  '429',
  '500',
  '503',
  'garbage',
  'endless headers',
  'huge body',
] as const;
export type FaultKind = (typeof faults)[number];
export const verbs = ['register', 'look', 'beat', 'deregister', 'held poll'] as const;
export type Verb = (typeof verbs)[number];

/** What was observed; `at` on the wall clock. */
export type FaultsEvent =
  | { readonly event: 'round'; readonly round: number; readonly at: number }
  /**
   * One fault of one verb, from when it was healed on. `hits`: requests that met it. `backMs`: until the instance passed, or had stopped and was out of the registry; undefined: it did not in time.
   */
  | {
      readonly event: 'cell';
      readonly fault: FaultKind;
      readonly verb: Verb;
      readonly at: number;
      readonly hits: number;
      readonly backMs: number | undefined;
    }
  /** The same fault for a client that waits for every answer. */
  | { readonly event: 'control'; readonly fault: FaultKind; readonly at: number; readonly back: boolean }
  /** Of the process with the instances, in bytes: before the faults, and the most during them. */
  | { readonly event: 'memory'; readonly at: number; readonly before: number; readonly most: number }
  | { readonly event: 'unhandled'; readonly at: number; readonly what: string }
  | { readonly event: 'over'; readonly at: number };

export interface FaultsPlan {
  /** Of the heartbeats: what is still wrong when a fault is over must not wait for longer. */
  readonly intervalMs: number;
  readonly mostGrowthMb: number;
}

export interface FaultsFigures {
  readonly cells: number;
  readonly backMs: Spread;
  readonly hits: number;
  readonly growthMb: number;
  readonly unhandled: number;
  readonly controlLost: number;
}

export function judgeFaults(history: readonly FaultsEvent[], plan: FaultsPlan): Verdict<FaultsFigures> {
  const problems: string[] = [];
  const cells = history.filter((event) => event.event === 'cell');
  const rounds = history.filter(({ event }) => event === 'round').length;
  for (const { fault, verb, hits, backMs } of cells) {
    const name = `${fault} × ${verb}`;
    if (hits === 0) problems.push(`${name}: no request met the fault, it proves nothing`);
    if (backMs === undefined) problems.push(`${name}: neither registered nor stopped after it was healed`);
    else if (backMs > plan.intervalMs)
      problems.push(
        `${name}: took ${rounded(backMs)} ms after it was healed, promised is an interval of ${plan.intervalMs}`,
      );
  }
  for (const fault of faults) {
    for (const verb of verbs) {
      const seen = cells.filter((cell) => cell.fault === fault && cell.verb === verb).length;
      if (seen < Math.max(1, rounds)) problems.push(`${fault} × ${verb}: was seen ${seen} times in ${rounds} rounds`);
    }
  }
  const memory = history.filter((event) => event.event === 'memory');
  const growthMb = rounded(
    Math.max(
      0,
      quantile(
        memory.map(({ before, most }) => most - before),
        1,
      ),
    ) /
      1024 /
      1024,
  );
  const unhandled = history.filter((event) => event.event === 'unhandled');
  const controls = history.filter((event) => event.event === 'control');
  const backs = cells.flatMap(({ backMs }) => backMs ?? []);
  const figures = {
    cells: cells.length,
    backMs: spreadOf(backs),
    hits: cells.reduce((sum, cell) => sum + cell.hits, 0),
    growthMb,
    unhandled: unhandled.length,
    controlLost: controls.filter(({ back }) => !back).length,
  };
  if (history.at(-1)?.event !== 'over') problems.push('it was not observed to its end');
  problems.push(...findUnmeasured({ backMs: figures.backMs, growthMb, 'the control': { n: controls.length } }));
  if (growthMb > plan.mostGrowthMb)
    problems.push(`the process grew by ${growthMb} MB, promised are ${plan.mostGrowthMb}`);
  for (const { what } of unhandled) problems.push(`unhandled: ${what}`);
  if (figures.controlLost === 0)
    problems.push(
      'the control, which waits for every answer, came back from everything: this experiment proves nothing',
    );
  return { problems, figures };
}
