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

/** 100 beats over signs of life that cost 1000 us, on a machine that is slower by a factor. */
const cpu = ({ beating = 0.5, onMain = 200, noise = 0.1, slower = 1 } = {}): WorkerEvent => {
  const us = (perBeat: number) => (1_000 + perBeat * 100) * slower;
  const mainCpuUs = { still: us(0), stillAgain: us(noise), beating: us(beating), onMain: us(onMain) };
  return { kind: 'cpu', order: ['still', 'beating', 'onMain', 'stillAgain'], mainCpuUs, beats: 100 };
};

describe('the judge of the worker', () => {
  it('finds nothing wrong within the bounds and measures each part', () => {
    const { problems, figures } = judgeWorker([memory(), cpu()]);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      workerMb: { p50: 15 },
      workerMbWithAll: { p50: 16 },
      mainCpuShare: { p50: 0.003 },
      noiseShare: { p50: 0.001 },
      mainCpuUsPerBeat: { p50: 0.5 },
      noiseUsPerBeat: { p50: 0.1 },
      onMainUsPerBeat: { p50: 200 },
    });
  });

  it('judges a machine that is five times slower alike', () => {
    expect(judgeWorker([memory(), cpu({ beating: 4, slower: 5 })]).problems).toEqual([]);
    expect(judgeWorker([memory(), cpu({ beating: 4.2, slower: 5 })]).problems).toHaveLength(1);
  });

  it.each([
    ['a worker that is too large', [memory(20.1), cpu()], /the worker, MB resident, is 20.1/],
    ['a worker a Registrar', [memory(15, 140), cpu()], /with further Registrars, MB resident, is 140/],
    [
      'beats that the main thread feels',
      [memory(), cpu({ beating: 4.2 })],
      /as a share of a beat from the main thread, is 0.021/,
    ],
    ['main-thread beats that cost no more than noise', [memory(), cpu({ onMain: 5 })], /proves nothing/],
    ['main-thread beats that cost less than nothing', [memory(), cpu({ onMain: -200 })], /proves nothing/],
    ['memory that was not read', [cpu()], /^no samples of workerMb/],
    ['memory with further Registrars that was not read', [cpu()], /^no samples of workerMbWithAll/],
    ['CPU that was not read', [memory()], /^no samples of mainCpuShare/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeWorker(history).problems.some((line) => problem.test(line))).toBe(true);
  });
});
