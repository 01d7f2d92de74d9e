import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { intervalTable, spreadTable } from '../../prove/experiment/table.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { AppPlan } from '../load/app-plan.js';
import type { VersusPlan, VersusRow } from '../load/versus.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { judgeHealth } from './judge-health.js';
import type { Contestant } from './judge-health.js';

const ROUNDS = 20;

/** The very answer of ours, prepared as well. */
const answer = {
  headers: { 'Content-Type': 'application/health+json', 'Cache-Control': 'no-store' },
  body: '{"status":"pass","checks":{"db":[{"status":"pass"}],"payments":[{"status":"pass"}],"redis":[{"status":"pass"}]}}',
};

/** How much a health request costs a server, over a bare handler of a server beside it that gives the same answer. */
export async function health(lab: Lab): Promise<Verdict> {
  const history = lab.record<VersusRow<Contestant>>();
  await buildWorkloads();
  const consul = await startConsul();
  try {
    // No run of a component comes by its own interval while it is measured.
    const registrar = { url: consul.url, interval: '1h', thread: 'main', bound: true } as const;
    const ours: AppPlan = { answer, registrar };
    // In a process that does all else as well: what that costs is the tax, and measured as such.
    const bare: AppPlan = { answer, registrar: { ...registrar, bound: false } };
    const plan: VersusPlan<Contestant> = {
      contestants: { ours, bare, bareAgain: bare, alone: { answer } },
      paths: { ours: '/health', bare: '/health', bareAgain: '/health', alone: '/health' },
      rounds: lab.runs ?? ROUNDS,
      seed: lab.seed,
    };
    await runWorkload<VersusRow<Contestant>>('versus', plan, (row) => history.note(row));
  } finally {
    await consul.stop();
  }
  const verdict = judgeHealth(history.events);
  const { throughputRatio, throughputRatioOfTheSame, throughputRatioToAlone, p99Ratio, perSecond } = verdict.figures;
  lab.say(
    intervalTable({
      'throughput, /health / bare': throughputRatio,
      'throughput, bare / bare (noise)': throughputRatioOfTheSame,
      'throughput, /health / a process with nothing but a bare handler': throughputRatioToAlone,
      'p99, /health / bare': p99Ratio,
    }),
  );
  lab.say(spreadTable({ '/health, requests a second': perSecond.ours, 'bare, requests a second': perSecond.bare }));
  return verdict;
}
