import type { History } from './history.js';

/** What an experiment is given. */
export interface Lab {
  /** From `--runs`; undefined: as often as the claim is made for. */
  readonly runs: number | undefined;
  /** Of the options that the experiment has for itself, those that were given. */
  readonly options: AskedOptions;
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

/** What an option of the command line takes: a number above 0, nothing at all, or one of these words. */
export type OptionKind = 'number' | 'switch' | readonly string[];

/** Options by name, and what was asked for. */
export type OwnOptions = Readonly<Record<string, OptionKind>>;
export type AskedOptions = Readonly<Record<string, number | boolean | string>>;

/** An experiment that has options of its own. */
export interface Configurable {
  readonly options: OwnOptions;
  readonly load: () => Promise<Experiment>;
}

/** Experiments by name; each is loaded when it is asked for. */
export type Catalogue = Readonly<Record<string, (() => Promise<Experiment>) | Configurable>>;
