import type { Verdict } from '../experiment/experiment.js';
import type { Consumer } from './consumer.js';

/** One use of the package by one consumer. */
export interface CellEvent {
  /** With its version, e.g. `Jest 30.5.2`. */
  readonly consumer: string;
  readonly use: string;
  /** The same use of a package that offers ES modules only, as this one once did: it has to fail. */
  readonly control: boolean;
  /** What went wrong; undefined: it works. */
  readonly problem: string | undefined;
}

export interface InstallsFigures {
  readonly cells: number;
  readonly working: number;
  readonly controls: number;
  readonly controlsThatFail: number;
}

/** What of a consumer the judge knows. */
type Expected = Pick<Consumer, 'name'> & {
  readonly uses: readonly Pick<Consumer['uses'][number], 'name' | 'control'>[];
};

/** Judges a whole history, which must have every use of the consumers. */
export function judgeInstalls(history: readonly CellEvent[], consumers: readonly Expected[]): Verdict<InstallsFigures> {
  const figures = { cells: 0, working: 0, controls: 0, controlsThatFail: 0 };
  const problems: string[] = [];
  for (const { name: consumer, uses } of consumers) {
    for (const { name: use, control = false } of uses) {
      const find = (wanted: boolean) =>
        history.find((event) => event.consumer === consumer && event.use === use && event.control === wanted);
      const cell = find(false);
      figures.cells += 1;
      if (cell === undefined) problems.push(`${consumer}, ${use}: not tried`);
      else if (cell.problem !== undefined) problems.push(`${consumer}, ${use}: ${cell.problem}`);
      else figures.working += 1;
      if (!control) continue;
      figures.controls += 1;
      if (find(true)?.problem !== undefined) figures.controlsThatFail += 1;
      else problems.push(`${consumer}, ${use}: not seen to fail with ES modules only, so it proves nothing`);
    }
  }
  if (figures.cells === 0) problems.push('there is nothing to try');
  return { problems, figures };
}
