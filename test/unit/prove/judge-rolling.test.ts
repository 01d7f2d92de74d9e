import { describe, expect, it } from 'vitest';
import { judgeRolling } from '../../prove/rolling/judge-rolling.js';
import type { Claim, RollingEvent } from '../../prove/rolling/judge-rolling.js';

type Restart = Extract<RollingEvent, { event: 'restarted' }>;

const restart = (roll: number, more: Partial<Restart> = {}): Restart => ({
  event: 'restarted',
  roll,
  at: 1_000,
  exitedAt: 4_000,
  code: 0,
  lastRequestAt: 2_000,
  lastAnswerAt: 2_500,
  longestSilenceMs: 30,
  ...more,
});
const failure: RollingEvent = {
  event: 'failed',
  at: 2_000,
  path: '/1',
  connection: 'fresh',
  kind: 'status',
  detail: '503',
  termination: 'SC',
};
const part = (
  claim: Claim,
  events: readonly RollingEvent[],
  rolls = events.filter(({ event }) => event === 'restarted').length,
): RollingEvent[] => [
  { event: 'part', name: claim, claim, rolls, at: 0 },
  ...events,
  { event: 'over', requests: 100, at: 9_000 },
];
const problemsOf = (history: readonly RollingEvent[]) => judgeRolling(history).problems;

describe('the judge of rolling restarts', () => {
  it('measures from the signal, and from the last request or answer, whichever came later', () => {
    const { problems, figures } = judgeRolling(
      part('lossless and prompt', [
        restart(1),
        restart(2, { lastAnswerAt: 1_500, longestSilenceMs: 300 }),
        restart(3, { exitedAt: 3_600 }),
      ]),
    );
    expect(problems).toEqual([]);
    expect(figures.parts['lossless and prompt']).toMatchObject({
      rolls: 3,
      requests: 100,
      failed: 0,
      exitMs: { min: 2_600, p50: 3_000, max: 3_000 },
      strayMs: { p50: 1_000 },
      idleMs: { min: 1_100, p50: 1_500, max: 2_000 },
      longestSilenceMs: 300,
    });
  });

  it('counts from the signal where nothing came any more', () => {
    const { figures } = judgeRolling(part('lossless', [restart(1, { lastRequestAt: undefined, lastAnswerAt: 500 })]));
    expect(figures.parts['lossless']).toMatchObject({ strayMs: { p50: 0 }, idleMs: { p50: 3_000 } });
  });

  it('takes no failed request where none is promised', () => {
    const broken = ['1 requests failed, promised are 0'];
    expect(problemsOf(part('lossless', [restart(1), failure]))).toEqual(
      broken.map((problem) => `lossless: ${problem}`),
    );
    expect(problemsOf(part('lossless and prompt', [restart(1), failure]))).toEqual(
      broken.map((problem) => `lossless and prompt: ${problem}`),
    );
    expect(problemsOf(part('for comparison', [restart(1), failure]))).toEqual([]);
  });

  it('takes an experiment for worthless in which nothing is lost without us', () => {
    expect(problemsOf(part('loses', [restart(1), failure]))).toEqual([]);
    expect(problemsOf(part('loses', [restart(1)]))).toEqual([
      'loses: nothing was lost without us: this experiment proves nothing',
    ]);
  });

  it('wants the median exit soon after the last traffic, and clean, where that is promised', () => {
    const late = restart(1, { exitedAt: 4_001 });
    expect(problemsOf(part('lossless and prompt', [late, late, restart(3)]))).toEqual([
      'lossless and prompt: an instance exited 1501 ms (p50) after its last request or answer, promised are 1500',
    ]);
    expect(problemsOf(part('lossless', [late, late, restart(3)]))).toEqual([]);
    expect(problemsOf(part('lossless and prompt', [restart(1, { code: 1 })]))).toEqual([
      'lossless and prompt: 1 instances did not exit with 0',
    ]);
  });

  it('judges a machine that is five times slower alike: what is beyond the shortest silence of 1.2 s grows fivefold', () => {
    const exits = (beyond: number) => restart(1, { lastAnswerAt: 2_500, exitedAt: 2_500 + 1_200 + beyond });
    expect(problemsOf(part('lossless and prompt', [exits(40)]))).toEqual([]);
    expect(problemsOf(part('lossless and prompt', [exits(200)]))).toEqual([]);
  });

  it('names what has no samples', () => {
    expect(problemsOf(part('lossless and prompt', []))).toEqual([
      expect.stringMatching(/^lossless and prompt: no samples of idleMs/),
    ]);
    const idle = part('lossless', [restart(1)]).map((event) =>
      event.event === 'over' ? { ...event, requests: 0 } : event,
    );
    expect(problemsOf(idle)).toEqual([expect.stringMatching(/^lossless: no samples of requests/)]);
  });

  it('wants every part seen to its end', () => {
    expect(problemsOf([])).toEqual(['nothing was observed']);
    expect(problemsOf(part('lossless', [restart(1)], 2))).toEqual(['lossless: 1 of 2 instances were seen to end']);
    expect(problemsOf(part('lossless', []).slice(0, -1))).toEqual(['lossless: it was not observed to its end']);
    expect(problemsOf(part('lossless', []))).toEqual([]);
  });
});
