import { describe, expect, it } from 'vitest';
import { judgeInstalls } from '../../prove/installs/judge-installs.js';
import type { CellEvent } from '../../prove/installs/judge-installs.js';

const consumers = [
  { name: 'Jest 30.5.2', uses: [{ name: 'require', control: true as const }] },
  { name: 'esbuild 0.28.2', uses: [{ name: 'CommonJS' }, { name: 'ES module' }] },
];
const cell = (consumer: string, use: string, problem?: string, control = false): CellEvent => ({
  consumer,
  use,
  control,
  problem,
});
const required = cell('Jest 30.5.2', 'require');
const control = cell('Jest 30.5.2', 'require', 'Must use import', true);
const bundles = [cell('esbuild 0.28.2', 'CommonJS'), cell('esbuild 0.28.2', 'ES module')];

describe('the judge of installs', () => {
  it('finds nothing wrong where every use works and every control fails', () => {
    const { problems, figures } = judgeInstalls([required, control, ...bundles], consumers);
    expect(problems).toEqual([]);
    expect(figures).toEqual({ cells: 3, working: 3, controls: 1, controlsThatFail: 1 });
  });

  it.each<[string, readonly CellEvent[], RegExp]>([
    [
      'a use that does not work',
      [cell('Jest 30.5.2', 'require', 'no such file'), control, ...bundles],
      /^Jest 30\.5\.2, require: no such file$/,
    ],
    ['a use that was left out', [required, control, bundles[0]!], /^esbuild 0\.28\.2, ES module: not tried$/],
    [
      'a control that works',
      [required, { ...control, problem: undefined }, ...bundles],
      /^Jest 30\.5\.2, require: .*proves nothing$/,
    ],
    ['a control that was left out', [required, ...bundles], /proves nothing$/],
  ])('sees %s', (_what, history, problem) => {
    const { problems, figures } = judgeInstalls(history, consumers);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(figures.working + figures.controlsThatFail).toBe(3);
  });

  it('does not take nothing for a success', () => {
    expect(judgeInstalls([], []).problems).toEqual(['there is nothing to try']);
  });
});
