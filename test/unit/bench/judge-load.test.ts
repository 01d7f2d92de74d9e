import { describe, expect, it } from 'vitest';
import { judgeHealth } from '../../bench/health/judge-health.js';
import { judgeTax } from '../../bench/tax/judge-tax.js';

const score = (perSecond: number, p99Ms = 1) => ({ perSecond, p50Ms: 1, p99Ms, userCalls: 0, body: 'ok' });

describe('the judge of a health request', () => {
  const row = (ratio: number, ours = {}) => ({
    round: 1,
    order: [],
    scores: {
      ours: { ...score(ratio * 1_000), ...ours },
      bare: score(1_000),
      bareAgain: score(1_000),
      alone: score(2_000),
    },
  });

  it('goes by the median of the ratios within each round', () => {
    const { problems, figures } = judgeHealth([row(0.2), row(0.95), row(1.3)]);
    expect(problems).toEqual([]);
    expect(figures.throughputRatio.median).toBe(0.95);
    expect(figures.throughputRatioOfTheSame.median).toBe(1);
    expect(figures.throughputRatioToAlone.median).toBe(0.475);
  });

  it('sees one that costs more than promised', () => {
    expect(judgeHealth([row(0.949)]).problems).toEqual([expect.stringContaining('0.949 times')]);
  });

  it('sees code of the service that ran for it', () => {
    expect(judgeHealth([row(1), row(1, { userCalls: 2 })]).problems).toEqual([expect.stringContaining('ran 2 times')]);
  });

  it('compares nothing but the same answers', () => {
    expect(judgeHealth([row(1, { body: 'longer' })]).problems).toEqual([
      expect.stringContaining('not the same in 1 rounds'),
    ]);
  });

  it('judges a machine that is five times slower alike', () => {
    const slower = (ratio: number) => {
      const { scores, ...round } = row(ratio);
      const bare = score(200, 5);
      return {
        ...round,
        scores: { ...scores, ours: score(ratio * 200, 5), bare, bareAgain: bare, alone: score(400, 5) },
      };
    };
    expect(judgeHealth([slower(0.95)]).problems).toEqual([]);
    expect(judgeHealth([slower(0.949)]).problems).toHaveLength(1);
  });

  it('sees that nothing was measured', () => {
    expect(judgeHealth([]).problems).toEqual([expect.stringContaining('no samples of throughputRatio')]);
    expect(judgeHealth([row(1, { userCalls: NaN })]).problems).toEqual([
      expect.stringContaining('no samples of userCalls'),
    ]);
  });
});

describe('the judge of the tax', () => {
  /** Ratios that differ a little from round to round. */
  const rows = (throughput: number, p99: number, count = 10, slower = 1) =>
    Array.from({ length: count }, (_, index) => {
      const wobble = 1 + (index - (count - 1) / 2) / 1_000;
      const without = score(1_000 / slower, slower);
      const taxed = score((1_000 / slower) * throughput * wobble, p99 * wobble * slower);
      return { round: 1, order: [], scores: { with: taxed, without, withoutAgain: without } };
    });

  it('holds where the intervals reach the bars', () => {
    const { problems, figures } = judgeTax(rows(0.988, 1.022), []);
    expect(problems).toEqual([]);
    expect(figures.tax.throughput).toEqual({ n: 10, low: 0.985, median: 0.988, high: 0.991 });
    expect(figures.noise.throughput).toMatchObject({ low: 1, high: 1 });
  });

  it('judges a machine that is five times slower alike', () => {
    expect(judgeTax(rows(0.988, 1.022, 10, 5), []).problems).toEqual([]);
    expect(judgeTax(rows(0.985, 1.03, 10, 5), []).problems).toHaveLength(2);
  });

  it('tells what the smallest service pays, and does not judge it', () => {
    const scores = { alone: score(4_000), main: score(3_600), worker: score(3_800), polling: score(3_900) };
    const { problems, figures } = judgeTax(rows(1, 1), [{ round: 1, order: [], scores }]);
    expect(problems).toEqual([]);
    expect(Object.values(figures.smallest).map(({ median }) => median)).toEqual([0.9, 0.95, 0.975]);
  });

  it('sees a throughput that is surely lower', () => {
    expect(judgeTax(rows(0.985, 1), []).problems).toEqual([
      'the throughput ratio is 0.982 to 0.988, promised is an interval that reaches 0.99',
    ]);
  });

  it('sees a p99 that is surely higher', () => {
    expect(judgeTax(rows(1, 1.03), []).problems).toEqual([
      'the p99 ratio is 1.026 to 1.034, promised is an interval that reaches 1.02',
    ]);
  });

  it('takes nothing for granted that too few rounds say', () => {
    const problems = (ending: string) =>
      ['throughput', 'p99'].map((what) => expect.stringContaining(`${ending} the ${what} ratio`) as string);
    expect(judgeTax(rows(1, 1, 5), []).problems).toEqual(problems('5 samples of'));
    expect(judgeTax([], []).problems).toEqual(problems('no samples of'));
  });
});
