import type { History } from './history.js';

/** What an experiment is given. */
export interface Lab {
  /** From `--runs`; undefined: as often as the claim is made for. */
  readonly runs: number | undefined;
  /** From `--seed`, else by chance; printed, so that a run can be repeated. */
  readonly seed: number;
  /** The raw observations, kept as JSON lines. Call it once. */
  record<E extends object>(): History<E>;
  /** Prints a line for the person who watches. */
  say(line: string): void;
}

/** What a checker makes of a history. */
export interface Verdict<Figures extends object = object> {
  /** Each broken promise in one line; none: it holds. */
  readonly problems: readonly string[];
  /** The numbers behind the claim. Milliseconds unless named otherwise. */
  readonly figures: Readonly<Figures>;
}

/** Runs, prints its table, and has its history judged. */
export type Experiment = (lab: Lab) => Promise<Verdict>;

/** Experiments by name; each is loaded when it is asked for. */
export type Catalogue = Readonly<Record<string, () => Promise<Experiment>>>;
