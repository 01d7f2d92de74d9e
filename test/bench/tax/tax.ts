import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { intervalTable, spreadTable } from '../../prove/experiment/table.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { AppPlan } from '../load/app-plan.js';
import type { VersusPlan, VersusRow } from '../load/versus.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { judgeTax } from './judge-tax.js';
import type { Contestant } from './judge-tax.js';

const ROUNDS = 30;

const answer = { headers: { 'Content-Type': 'application/json' }, body: '{"hello":"world"}' };

/** What an app pays for its Registrar, bound and registered, health paths mounted and components running, in every request. */
export async function tax(lab: Lab): Promise<Verdict> {
  const history = lab.record<VersusRow<Contestant>>();
  await buildWorkloads();
  const consul = await startConsul();
  try {
    const registrar = { url: consul.url, interval: '5s', thread: 'main', bound: true } as const;
    const contestants: Record<Contestant, AppPlan> = {
      with: { answer, asks: true, registrar },
      without: { answer, asks: true },
      withoutAgain: { answer, asks: true },
      smallest: { answer },
      smallestWith: { answer, registrar },
      smallestWorker: { answer, registrar: { ...registrar, thread: 'worker' } },
      smallestPolling: { answer, polls: consul.url },
    };
    const paths = Object.fromEntries(Object.keys(contestants).map((who) => [who, '/'])) as Record<Contestant, string>;
    const plan: VersusPlan<Contestant> = { contestants, paths, rounds: lab.runs ?? ROUNDS, seed: lab.seed };
    await runWorkload<VersusRow<Contestant>>('versus', plan, (row) => history.note(row));
  } finally {
    await consul.stop();
  }
  const verdict = judgeTax(history.events);
  const { tax: taxed, noise, smallest, perSecond } = verdict.figures;
  lab.say(
    intervalTable({
      'throughput, with / without': taxed.throughput,
      'throughput, without / without (noise)': noise.throughput,
      'p50, with / without': taxed.p50,
      'p99, with / without': taxed.p99,
      'p99, without / without (noise)': noise.p99,
      'throughput of the smallest service, with / without': smallest.main.throughput,
      'the same, heartbeats from a worker': smallest.worker.throughput,
      'the same, no Registrar but an HTTP client that asks the agent once a second': smallest.polling.throughput,
    }),
  );
  lab.say(spreadTable({ 'with, requests a second': perSecond.with, 'without, requests a second': perSecond.without, 'the smallest service without': perSecond.smallest }));
  return verdict;
}
