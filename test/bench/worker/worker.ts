import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { spreadTable } from '../../prove/experiment/table.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { judgeWorker } from './judge-worker.js';
import type { WorkerCpuPlan, WorkerCpuRow, WorkerEvent, WorkerMemoryPlan, WorkerMemoryRow } from './judge-worker.js';

const PAIRS = 30;
const PROCESSES = 7;
const FURTHER = 9;

/** What worker beats take of the host: memory once a process, and no more of the main thread than its signs of life. */
export async function worker(lab: Lab): Promise<Verdict> {
  const history = lab.record<WorkerEvent>();
  await buildWorkloads();
  const consul = await startConsul();
  try {
    for (let pair = 1; pair <= Math.min(lab.runs ?? PROCESSES, PROCESSES); pair += 1) {
      const rows: Partial<Record<WorkerMemoryPlan['thread'], WorkerMemoryRow>> = {};
      for (const thread of pair % 2 === 0 ? (['main', 'worker'] as const) : (['worker', 'main'] as const)) {
        const plan: WorkerMemoryPlan = { url: consul.url, thread, further: FURTHER };
        await runWorkload<WorkerMemoryRow>('worker-memory', plan, (row) => (rows[thread] = row));
      }
      if (rows.main !== undefined && rows.worker !== undefined)
        history.note({ kind: 'memory', pair, main: rows.main, worker: rows.worker, further: FURTHER });
    }
    const plan: WorkerCpuPlan = {
      url: consul.url,
      pairs: lab.runs ?? PAIRS,
      registrars: 10,
      intervalMs: 50,
      windowMs: 1_500,
      seed: lab.seed,
    };
    await runWorkload<WorkerCpuRow>('worker-cpu', plan, (row) => history.note({ kind: 'cpu', ...row }));
  } finally {
    await consul.stop();
  }
  const verdict = judgeWorker(history.events);
  const { workerMb, workerMbWithAll, mainCpuShare, noiseShare } = verdict.figures;
  const { mainCpuUsPerBeat, noiseUsPerBeat, onMainUsPerBeat } = verdict.figures;
  lab.say(
    spreadTable({
      'worker over main thread, MB resident, 1 Registrar': workerMb,
      [`the same, ${FURTHER + 1} Registrars`]: workerMbWithAll,
      'main-thread CPU of a beat, in the worker / on the main thread': mainCpuShare,
      'the same without beats (noise)': noiseShare,
      'main-thread CPU of a beat in the worker, us': mainCpuUsPerBeat,
      'the same without beats (noise), us': noiseUsPerBeat,
      'main-thread CPU of a beat from the main thread, us': onMainUsPerBeat,
    }),
  );
  return verdict;
}
