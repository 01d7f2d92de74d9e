import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../support/seeded.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { startEtcd } from '../../support/servers/etcd-server.js';
import { startRedis } from '../../support/servers/redis-server.js';
import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { spreadTable } from '../../prove/experiment/table.js';
import { shuffled } from '../shuffled.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { RawClient } from '../workloads/raw-client.js';
import { putInstance } from './catalog-load.js';
import { changeReaders, judgeResolve } from './judge-resolve.js';
import type {
  ChangePlan,
  ChangeReader,
  LargePlan,
  LargeReader,
  LargeRow,
  ManyPlan,
  ManyRow,
  ManyUse,
  ResolveEvent,
  SizePlan,
} from './judge-resolve.js';

const CHANGES: Readonly<Record<ChangeReader, number>> = { consul: 200, chain: 100, etcd: 100 };
const SERVICES = 1_000;
const CHANGES_OF_MANY = 40;
const INSTANCES = 5_000;
const CHANGES_A_SECOND = 100;
const PAIRS = 7;
const WINDOW_MS = 20_000;
const PROCESSES = 5;

/** How late readers see a change, and what reading takes of the host. */
export async function resolve(lab: Lab): Promise<Verdict> {
  const history = lab.record<ResolveEvent>();
  const few = (usual: number) => Math.min(lab.runs ?? usual, usual);
  await buildWorkloads();
  const onConsul = async (work: (url: string, raw: RawClient) => Promise<void>) => {
    const consul = await startConsul();
    const raw = new RawClient(consul.url);
    try {
      await work(consul.url, raw);
    } finally {
      raw.close();
      await consul.stop();
    }
  };
  const change = (plan: Omit<ChangePlan, 'changes'>) =>
    runWorkload<ResolveEvent>('resolve-change', { ...plan, changes: few(CHANGES[plan.reader]) }, (row) =>
      history.note(row),
    );
  await onConsul((url) => change({ reader: 'consul', url }));
  await onConsul(async (url) => {
    const redis = await startRedis();
    const dir = await mkdtemp(join(tmpdir(), 'rollcall-chain-'));
    try {
      await change({ reader: 'chain', url, redisUrl: redis.url, dir });
    } finally {
      await redis.stop();
      await rm(dir, { recursive: true });
    }
  });
  const etcd = await startEtcd();
  try {
    await change({ reader: 'etcd', url: etcd.url });
  } finally {
    await etcd.stop();
  }
  await onConsul(async (url) => {
    const plan: ManyPlan = { url, services: SERVICES, changes: few(CHANGES_OF_MANY), seed: lab.seed };
    await runWorkload<ManyRow | ManyUse>('resolve-many', plan, (row) => history.note(row));
  });
  await onConsul(async (url, raw) => {
    const random = seededRandom(lab.seed);
    const service = 'large';
    await putInstance(raw, { service: 'single', id: 'single' });
    for (let at = 0; at < INSTANCES; at += 1) await putInstance(raw, { service, id: `${service}-${at}` });
    const size: SizePlan = { url, service };
    for (let nth = 0; nth < few(PROCESSES); nth += 1)
      await runWorkload<ResolveEvent>('resolve-size', size, (row) => history.note(row));
    const stop = keepChanging(raw, service, random);
    for (let pair = 1; pair <= few(PAIRS); pair += 1) {
      const found: Partial<Record<LargeReader, { p999: number; answers: number }>> = {};
      for (const reader of shuffled<LargeReader>(['idle', 'ours', 'whole'], random)) {
        const plan: LargePlan = { url, service, reader, windowMs: WINDOW_MS };
        await runWorkload<{ p999: number; answers: number }>('resolve-large', plan, (row) => (found[reader] = row));
      }
      const { idle, ours, whole } = found;
      if (idle === undefined || ours === undefined || whole === undefined) continue;
      const row: LargeRow = {
        kind: 'delay',
        pair,
        p999: { idle: idle.p999, ours: ours.p999, whole: whole.p999 },
        answers: { idle: idle.answers, ours: ours.answers, whole: whole.answers },
      };
      history.note(row);
    }
    await stop();
  });
  const verdict = judgeResolve(history.events);
  const { figures } = verdict;
  lab.say(
    spreadTable({
      ...Object.fromEntries(
        changeReaders.flatMap((reader) => [
          [`${reader}: seen later than by a raw reader, ms`, figures.overRawMs[reader]],
          [`${reader}: a second raw one, the same (noise)`, figures.noiseMs[reader]],
        ]),
      ),
      [`a status of one of ${SERVICES} services seen, ms`]: figures.statusMs,
      'a new instance, the same': figures.newcomerMs,
      [`loop delay p99.9 over an idle process, ${INSTANCES} instances, ms`]: figures.overIdleMs,
      'the same with a whole parse on the main thread': figures.wholeOverIdleMs,
      'heap, bytes an instance': figures.bytesAnInstance,
    }),
  );
  lab.say(`connections: ${figures.sockets}; CPU idle ${figures.idleShare}, a change a second ${figures.busyShare}`);
  return verdict;
}

/** Changes instances until the returned function is called. */
function keepChanging(raw: RawClient, service: string, random: () => number): () => Promise<void> {
  let goesOn = true;
  const change = async () => {
    for (let turn = 1; goesOn; turn += 1) {
      const from = performance.now();
      await putInstance(raw, { service, id: `${service}-${Math.floor(random() * INSTANCES)}`, turn });
      const pauseMs = 1_000 / CHANGES_A_SECOND - (performance.now() - from);
      if (pauseMs > 0) await new Promise((done) => setTimeout(done, pauseMs));
    }
  };
  const changing = change();
  return async () => {
    goesOn = false;
    await changing;
  };
}
