import { spawnSync } from 'node:child_process';
import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import type { History } from '../../prove/experiment/history.js';
import { spreadTable, table } from '../../prove/experiment/table.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { seededRandom } from '../../support/seeded.js';
import { shuffled } from '../shuffled.js';
import { buildWorkloads, plainEnvironment, runWorkload, workloadFile } from '../workload.js';
import { judgeFootprint } from './judge-footprint.js';
import type {
  FootprintEvent,
  Leftovers,
  LeftoversPlan,
  LeftoversRow,
  MemoryPlan,
  MemoryRow,
  Start,
} from './judge-footprint.js';

const PAIRS = 40;
const PROCESSES = 5;
const WARM = 200;
const FURTHER = 400;
/** Beside the one with a server, when it is counted what they leave behind. */
const FEW = 10;

/** What the library takes of the host: time to import, memory, and nothing that stays after `stop()`. */
export async function footprint(lab: Lab): Promise<Verdict> {
  const history = lab.record<FootprintEvent>();
  await buildWorkloads();
  measureStarts(lab.runs ?? PAIRS, lab.seed, history);
  // By default an agent takes 200 connections from a host, and each Registrar here has a client of its own.
  const consul = await startConsul({ config: { limits: { http_max_conns_per_client: 2_000 } } });
  try {
    for (let nth = 1; nth <= Math.min(lab.runs ?? PROCESSES, PROCESSES); nth += 1) {
      const plan: MemoryPlan = { url: consul.url, warm: WARM, further: FURTHER };
      await runWorkload<MemoryRow>('idle-registrars', plan, (row) => history.note({ kind: 'memory', ...row }));
    }
    const plan: LeftoversPlan = { url: consul.url, further: FEW };
    await runWorkload<LeftoversRow>('leftovers', plan, (row) => history.note({ kind: 'leftovers', ...row }));
  } finally {
    await consul.stop();
  }
  const verdict = judgeFootprint(history.events);
  const { importShare, constructedShare, noiseShare, importMs, bareMs, taken, leftBehind } = verdict.figures;
  const { firstMb, firstPrivateMb, furtherKb, warmingKb, furtherHeapKb } = verdict.figures;
  lab.say(
    spreadTable({
      'import over a bare start, as a share of it': importShare,
      'the same with the first Registrar constructed': constructedShare,
      'bare start over a bare start (noise), as a share of it': noiseShare,
      'import over a bare start, ms': importMs,
      'bare start, ms': bareMs,
      'first Registrar, MB resident': firstMb,
      "the same without pages of Node's own program": firstPrivateMb,
      'further Registrar, kB resident': furtherKb,
      [`the ${WARM} before them, kB resident`]: warmingKb,
      'further Registrar, kB of heap': furtherHeapKb,
    }),
  );
  lab.say(
    table(
      ['', `with ${FEW + 1} Registrars`, 'after stop()'],
      (Object.keys(taken) as (keyof Leftovers)[]).map((what) => [what, taken[what], leftBehind[what]]),
    ),
  );
  return verdict;
}

function measureStarts(pairs: number, seed: number, history: History<FootprintEvent>): void {
  const random = seededRandom(seed);
  const modules: Readonly<Record<Start, string>> = {
    bare: 'nothing',
    bareAgain: 'nothing',
    imported: 'import-rollcall',
    constructed: 'construct-registrar',
  };
  const env = plainEnvironment();
  const start = (kind: Start): number => {
    const startedAt = performance.now();
    const { status } = spawnSync(process.execPath, [workloadFile(modules[kind])], { env, stdio: 'ignore' });
    if (status !== 0) throw new Error(`${modules[kind]} ended with exit code ${String(status)}`);
    return performance.now() - startedAt;
  };
  // What has been read once comes from memory.
  for (const kind of Object.keys(modules) as Start[]) start(kind);
  for (let pair = 1; pair <= pairs; pair += 1) {
    const order = shuffled(Object.keys(modules) as Start[], random);
    const ms: Record<Start, number> = { bare: 0, bareAgain: 0, imported: 0, constructed: 0 };
    for (const kind of order) ms[kind] = start(kind);
    history.note({ kind: 'start', pair, order, ms });
  }
}
