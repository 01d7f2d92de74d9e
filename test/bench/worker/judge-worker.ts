import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

/** One process whose only difference is where heartbeats come from. */
export interface WorkerMemoryPlan {
  readonly url: string;
  readonly thread: 'main' | 'worker';
  readonly further: number;
}

/** Bytes resident with one idle Registrar, and with the further ones. */
export interface WorkerMemoryRow {
  readonly one: number;
  readonly all: number;
}

export interface WorkerCpuPlan {
  readonly url: string;
  readonly pairs: number;
  readonly registrars: number;
  readonly intervalMs: number;
  readonly windowMs: number;
  readonly seed: number;
}

/** `still` and `stillAgain`: a worker that hardly ever beats, so that the sign of life is all there is; `beating`: one that beats all the time; `onMain`: the same beats from the main thread. */
export type Contestant = 'still' | 'stillAgain' | 'beating' | 'onMain';

/** One round of everybody, in a fresh order: microseconds of CPU that the main thread took, and how many beats there were in the busy ones. */
export interface WorkerCpuRow {
  readonly order: readonly Contestant[];
  readonly mainCpuUs: Record<Contestant, number>;
  readonly beats: number;
}

export type WorkerEvent =
  | {
      readonly kind: 'memory';
      readonly pair: number;
      readonly main: WorkerMemoryRow;
      readonly worker: WorkerMemoryRow;
      readonly further: number;
    }
  | ({ readonly kind: 'cpu' } & WorkerCpuRow);

/**
 * The CPU is a share of what a beat from the main thread costs it in the same round: that is hundreds of microseconds,
 * and one message from the worker would be ten or more.
 */
export const bounds = { workerMb: 20, mainCpuShare: 0.02 } as const;

export interface WorkerFigures {
  /** Resident, over the same Registrar with beats from the main thread. */
  readonly workerMb: Spread;
  /** The same with the further Registrars: there is one worker, whatever their number. */
  readonly workerMbWithAll: Spread;
  /** Main-thread CPU of a beat in the worker over that of one from the main thread, both without the signs of life. */
  readonly mainCpuShare: Spread;
  /** The same for signs of life against signs of life: what of the above is noise. */
  readonly noiseShare: Spread;
  /** Main-thread CPU of a beat in the worker, over the signs of life alone. */
  readonly mainCpuUsPerBeat: Spread;
  /** Signs of life against signs of life: what of the above is noise. */
  readonly noiseUsPerBeat: Spread;
  /** Of a beat from the main thread. */
  readonly onMainUsPerBeat: Spread;
}

export function judgeWorker(history: readonly WorkerEvent[]): Verdict<WorkerFigures> {
  const memories = history.filter((event) => event.kind === 'memory');
  const rows = history.filter((event) => event.kind === 'cpu');
  const perBeat = (who: Contestant) =>
    spreadOf(rows.map(({ mainCpuUs, beats }) => (mainCpuUs[who] - mainCpuUs.still) / beats));
  const shareOf = (who: Contestant) =>
    spreadOf(rows.map(({ mainCpuUs }) => (mainCpuUs[who] - mainCpuUs.still) / (mainCpuUs.onMain - mainCpuUs.still)));
  const figures = {
    workerMb: spreadOf(memories.map(({ main, worker }) => (worker.one - main.one) / 1024 / 1024)),
    workerMbWithAll: spreadOf(memories.map(({ main, worker }) => (worker.all - main.all) / 1024 / 1024)),
    mainCpuShare: shareOf('beating'),
    noiseShare: shareOf('stillAgain'),
    mainCpuUsPerBeat: perBeat('beating'),
    noiseUsPerBeat: perBeat('stillAgain'),
    onMainUsPerBeat: perBeat('onMain'),
  };
  const { workerMb, workerMbWithAll, mainCpuShare, noiseUsPerBeat, onMainUsPerBeat } = figures;
  const problems = findUnmeasured({ workerMb, workerMbWithAll, mainCpuShare });
  const atMost = (what: string, value: number, limit: number) => {
    if (value > limit) problems.push(`${what} is ${rounded(value)} at the median, promised are ${limit}`);
  };
  atMost('the worker, MB resident,', workerMb.p50, bounds.workerMb);
  atMost('the worker with further Registrars, MB resident,', workerMbWithAll.p50, bounds.workerMb);
  const share = 'the main-thread CPU of a beat, as a share of a beat from the main thread,';
  atMost(share, mainCpuShare.p50, bounds.mainCpuShare);
  if (onMainUsPerBeat.p50 * bounds.mainCpuShare <= Math.abs(noiseUsPerBeat.p50)) {
    problems.push('beats from the main thread were not seen to cost it more than noise: this look proves nothing');
  }
  return { problems, figures };
}
