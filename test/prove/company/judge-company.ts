import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';
import type { Claim } from './set-ups.js';

/** What was observed, run by run; `at` on the wall clock. A run begins with its `run` event and ends with `over`. */
export type CompanyEvent =
  | { readonly event: 'run'; readonly name: string; readonly claim: Claim; readonly at: number }
  /** Something told the service to end. */
  | { readonly event: 'told'; readonly at: number }
  /** Readers find the service no more. */
  | { readonly event: 'gone'; readonly at: number }
  /** The process has ended; `listed`: a reader who looked right then still found it. */
  | { readonly event: 'ended'; readonly at: number; readonly end: string; readonly listed: boolean }
  | {
      readonly event: 'failed';
      readonly at: number;
      readonly to: string;
      readonly what: string;
      readonly detail: string;
    }
  /** `requests`: those to the service under observation. */
  | { readonly event: 'over'; readonly at: number; readonly requests: number };

/** Fewer requests before the end prove nothing. */
export const LEAST_REQUESTS = 50;

export interface SetUpFigures {
  readonly claim: Claim;
  readonly runs: number;
  readonly requests: number;
  readonly failed: number;
  /** Runs in which readers still found the service when its process had ended. */
  readonly listedAfterEnd: number;
  readonly ends: readonly string[];
  /** From what told it to end until readers find it no more. */
  readonly goneMs: Spread;
  /** From what told it to end to the end of the process. */
  readonly endMs: Spread;
}

export interface CompanyFigures {
  readonly setUps: Readonly<Record<string, SetUpFigures>>;
}

/** Judges a whole history, in which each of the named set-ups has to be found so often. */
export function judgeCompany(
  history: readonly CompanyEvent[],
  { names, runs }: { readonly names: readonly string[]; readonly runs: number },
): Verdict<CompanyFigures> {
  const observed = runsOf(history);
  const setUps: Record<string, SetUpFigures> = {};
  const problems: string[] = names.length === 0 ? ['nothing was observed'] : [];
  for (const name of names) {
    const own = observed.filter((run) => run.name === name);
    const figures = figuresOf(own);
    if (figures !== undefined) setUps[name] = figures;
    problems.push(...brokenPromises(figures, runs).map((problem) => `${name}: ${problem}`));
  }
  return { problems, figures: { setUps } };
}

type Of<K extends CompanyEvent['event']> = Extract<CompanyEvent, { event: K }>;

interface Run {
  readonly name: string;
  readonly claim: Claim;
  readonly told: Of<'told'>;
  readonly gone: Of<'gone'> | undefined;
  readonly ended: Of<'ended'>;
  readonly failures: readonly Of<'failed'>[];
  readonly over: Of<'over'>;
}

/** Those that were observed to their end. */
function runsOf(history: readonly CompanyEvent[]): Run[] {
  const starts = history.flatMap((event, index) => (event.event === 'run' ? [index] : []));
  return starts.flatMap((start, i) => {
    const events = history.slice(start, starts[i + 1]);
    const find = <K extends CompanyEvent['event']>(kind: K) =>
      events.find((event): event is Of<K> => event.event === kind);
    const [run, told, ended, over] = [find('run'), find('told'), find('ended'), find('over')];
    if (run === undefined || told === undefined || ended === undefined || over === undefined) return [];
    const failures = events.filter((event) => event.event === 'failed');
    return [{ name: run.name, claim: run.claim, told, gone: find('gone'), ended, failures, over }];
  });
}

function figuresOf(runs: readonly Run[]): SetUpFigures | undefined {
  const [first] = runs;
  if (first === undefined) return undefined;
  return {
    claim: first.claim,
    runs: runs.length,
    requests: runs.reduce((sum, { over }) => sum + over.requests, 0),
    failed: runs.reduce((sum, { failures }) => sum + failures.length, 0),
    listedAfterEnd: runs.filter(({ ended }) => ended.listed).length,
    ends: [...new Set(runs.map(({ ended }) => ended.end))],
    goneMs: spreadOf(runs.flatMap(({ gone, told }) => (gone === undefined ? [] : [gone.at - told.at]))),
    endMs: spreadOf(runs.map(({ ended, told }) => ended.at - told.at)),
  };
}

function brokenPromises(figures: SetUpFigures | undefined, wanted: number): string[] {
  if (figures === undefined) return ['it was not observed to its end'];
  const { claim, runs, requests, failed, listedAfterEnd, endMs } = figures;
  const problems = findUnmeasured({ endMs });
  if (runs < wanted) problems.push(`${runs} of ${wanted} runs were observed to their end`);
  if (requests < runs * LEAST_REQUESTS) problems.push(`${requests} requests are too few to prove anything`);
  if (claim === 'fails') {
    if (failed === 0 && listedAfterEnd === 0)
      problems.push('nothing went wrong without us: this experiment proves nothing');
    return problems;
  }
  if (claim === 'lossless' && failed > 0) problems.push(`${failed} requests failed, promised are 0`);
  if (claim !== 'killed' && listedAfterEnd > 0)
    problems.push(`the entry outlived the process in ${listedAfterEnd} of ${runs} runs`);
  return problems;
}
