import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { intervalTable, spreadTable } from '../../prove/experiment/table.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { AppPlan } from '../load/app-plan.js';
import type { VersusPlan, VersusRow } from '../load/versus.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { judgeTax } from './judge-tax.js';
import type { Contestant, Smallest } from './judge-tax.js';

const ROUNDS = 30;
/** Fewer give no interval at 95 %. */
const FEWEST_ROUNDS = 6;
/** Of the smallest service, for a third as long: it is not judged. */
const SMALLEST_SHARE = 1 / 3;

const answer = { headers: { 'Content-Type': 'application/json' }, body: '{"hello":"world"}' };

/** What an app pays for its Registrar, bound and registered, health paths mounted and components running, in every request. */
export async function tax(lab: Lab): Promise<Verdict> {
  const history = lab.record<VersusRow<Contestant>>();
  const smallestRows: VersusRow<Smallest>[] = [];
  await buildWorkloads();
  const consul = await startConsul();
  try {
    const rounds = Math.max(FEWEST_ROUNDS, lab.runs ?? ROUNDS);
    const registrar = { url: consul.url, interval: '5s', thread: 'main', bound: true } as const;
    const asking: Record<Contestant, AppPlan> = {
      with: { answer, asks: true, registrar },
      without: { answer, asks: true },
      withoutAgain: { answer, asks: true },
    };
    await race(asking, rounds, lab.seed, (row) => history.note(row));
    const smallest: Record<Smallest, AppPlan> = {
      alone: { answer },
      main: { answer, registrar },
      worker: { answer, registrar: { ...registrar, thread: 'worker' } },
      polling: { answer, polls: consul.url },
    };
    await race(smallest, Math.ceil(rounds * SMALLEST_SHARE), lab.seed, (row) => smallestRows.push(row));
  } finally {
    await consul.stop();
  }
  const verdict = judgeTax(history.events, smallestRows);
  const { tax: taxed, noise, perSecond, smallest, smallestPerSecond } = verdict.figures;
  lab.say(
    intervalTable({
      'throughput, with / without': taxed.throughput,
      'throughput, without / without (noise)': noise.throughput,
      'p50, with / without': taxed.p50,
      'p99, with / without': taxed.p99,
      'p99, without / without (noise)': noise.p99,
      'throughput of the smallest service, with / without': smallest.main,
      'the same, heartbeats from a worker': smallest.worker,
      'the same, no Registrar but an HTTP client that asks the agent once a second': smallest.polling,
    }),
  );
  lab.say(
    spreadTable({
      'with, requests a second': perSecond.with,
      'without, requests a second': perSecond.without,
      'the smallest service without': smallestPerSecond,
    }),
  );
  return verdict;
}

/** All are asked for the same. */
async function race<Who extends string>(
  contestants: Record<Who, AppPlan>,
  rounds: number,
  seed: number,
  onRow: (row: VersusRow<Who>) => void,
): Promise<void> {
  const paths = Object.fromEntries(Object.keys(contestants).map((who) => [who, '/'])) as Record<Who, string>;
  await runWorkload<VersusRow<Who>>('versus', { contestants, paths, rounds, seed } satisfies VersusPlan<Who>, onRow);
}
