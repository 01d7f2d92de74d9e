import type { AppPlan } from './app-plan.js';

/** Servers against one another under the same load; every round begins with fresh processes. */
export interface VersusPlan<Who extends string = string> {
  readonly contestants: Readonly<Record<Who, AppPlan>>;
  /** What is asked for. */
  readonly paths: Readonly<Record<Who, string>>;
  readonly rounds: number;
  readonly seed: number;
}

/** How one did in a round: of its turns the median. */
export interface Score {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Calls of the service's own code while it was under load. */
  readonly userCalls: number;
  readonly body: string;
}

export interface VersusRow<Who extends string = string> {
  readonly round: number;
  readonly order: readonly Who[];
  readonly scores: Readonly<Record<Who, Score>>;
}
