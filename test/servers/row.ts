/** `not run`: it cannot be, or was not asked for, for the reason that the row has. */
export type Outcome = 'green' | 'red' | 'not run';

/** One part of what was run on one server. */
export interface Row {
  readonly server: string;
  readonly part: string;
  readonly outcome: Outcome;
  /** Figures, or the reason. */
  readonly detail: string;
  readonly seconds: number;
}

export function rowLine({ server, part, outcome, detail, seconds }: Row): string {
  const took = outcome === 'not run' ? '' : ` (${seconds} s)`;
  return `${server.padEnd(12)} ${outcome.padEnd(8)} ${part}: ${detail}${took}`;
}
