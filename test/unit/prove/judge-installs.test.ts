import { describe, expect, it } from 'vitest';
import { judgeInstalls } from '../../prove/installs/judge-installs.js';
import type { CellEvent } from '../../prove/installs/judge-installs.js';

const consumers = ['Jest 30.5.2', 'esbuild 0.28.2'];
const cell = (consumer: string, problem?: string): CellEvent => ({ consumer, use: 'require', control: false, problem });
const control = (problem?: string): CellEvent => ({ consumer: 'Jest 30.5.2', use: 'require', control: true, problem });
const good = [cell('Jest 30.5.2'), cell('esbuild 0.28.2'), control('Must use import')];

describe('the judge of installs', () => {
  it('finds nothing wrong where every cell works and every control fails', () => {
    const { problems, figures } = judgeInstalls(good, consumers);
    expect(problems).toEqual([]);
    expect(figures).toEqual({ cells: 2, working: 2, controls: 1, controlsThatFail: 1 });
  });

  it.each<[string, readonly CellEvent[], RegExp]>([
    [
      'a use that does not work',
      [cell('Jest 30.5.2', 'no such file'), ...good.slice(1)],
      /^Jest 30\.5\.2, require: no such file$/,
    ],
    ['a consumer that was left out', good.slice(1), /^Jest 30\.5\.2 was not tried$/],
    ['a control that works', [...good.slice(0, 2), control()], /^Jest 30\.5\.2, require: .*proves nothing$/],
    ['a run without controls', good.slice(0, 2), /^no control/],
    ['nothing at all', [], /was not tried/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeInstalls(history, consumers).problems.some((line) => problem.test(line))).toBe(true);
  });

  it('counts what works', () => {
    expect(judgeInstalls([...good, cell('esbuild 0.28.2', 'broken')], consumers).figures).toMatchObject({
      cells: 3,
      working: 2,
    });
  });
});
