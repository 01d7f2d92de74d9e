import { describe, expect, it } from 'vitest';
import { judgeWorker } from '../../bench/worker/judge-worker.js';
import type { WorkerEvent } from '../../bench/worker/judge-worker.js';

const MB = 1024 * 1024;

const memory = (oneMb = 15, allMb = 16): WorkerEvent => ({
  kind: 'memory',
  pair: 1,
  further: 9,
  main: { one: 60 * MB, all: 62 * MB },
  worker: { one: (60 + oneMb) * MB, all: (62 + allMb) * MB },
});

/** 100 beats over signs of life that cost 1000 us. */
const cpu = ({ beating = 0.5, onMain = 200, noise = 0.1 } = {}): WorkerEvent => ({
  kind: 'cpu',
  order: ['still', 'beating', 'onMain', 'stillAgain'],
  mainCpuUs: {
    still: 1_000,
    stillAgain: 1_000 + noise * 100,
    beating: 1_000 + beating * 100,
    onMain: 1_000 + onMain * 100,
  },
  beats: 100,
});

describe('the judge of the worker', () => {
  it('finds nothing wrong within the bounds and measures each part', () => {
    const { problems, figures } = judgeWorker([memory(), cpu()]);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      workerMb: { p50: 15 },
      workerMbWithAll: { p50: 16 },
      mainCpuUsPerBeat: { p50: 0.5 },
      noiseUsPerBeat: { p50: 0.1 },
      onMainUsPerBeat: { p50: 200 },
    });
  });

  it.each([
    ['a worker that is too large', [memory(20.1), cpu()], /the worker, MB resident, is 20.1/],
    ['a worker a Registrar', [memory(15, 140), cpu()], /with further Registrars, MB resident, is 140/],
    ['beats that the main thread feels', [memory(), cpu({ beating: 2.1 })], /main-thread CPU of a beat, us, is 2.1/],
    ['main-thread beats that cost nothing', [memory(), cpu({ onMain: 1 })], /proves nothing/],
    ['nothing at all', [], /is NaN/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeWorker(history).problems.some((line) => problem.test(line))).toBe(true);
  });
});
