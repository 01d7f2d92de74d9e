import type { Verdict } from '../experiment/experiment.js';

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

/** Judges a whole history; `consumers` are those that it must have. */
export function judgeInstalls(history: readonly CellEvent[], consumers: readonly string[]): Verdict<InstallsFigures> {
  const cells = history.filter(({ control }) => !control);
  const controls = history.filter(({ control }) => control);
  const failing = controls.filter(({ problem }) => problem !== undefined);
  const problems = [
    ...cells.flatMap(({ consumer, use, problem }) => (problem === undefined ? [] : `${consumer}, ${use}: ${problem}`)),
    ...consumers
      .filter((name) => !cells.some(({ consumer }) => consumer === name))
      .map((name) => `${name} was not tried`),
    ...controls
      .filter(({ problem }) => problem === undefined)
      .map(
        ({ consumer, use }) =>
          `${consumer}, ${use}: works with a package of ES modules only, so its cell proves nothing`,
      ),
    ...(controls.length === 0 ? ['no control was run'] : []),
  ];
  return {
    problems,
    figures: {
      cells: cells.length,
      working: cells.length - cells.filter(({ problem }) => problem !== undefined).length,
      controls: controls.length,
      controlsThatFail: failing.length,
    },
  };
}
