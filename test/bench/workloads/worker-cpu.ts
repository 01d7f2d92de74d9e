import { readFileSync } from 'node:fs';
import { Registrar, consul } from 'rollcall';
import { seededRandom } from '../../support/seeded.js';
import { shuffled } from '../shuffled.js';
import type { Contestant, WorkerCpuPlan, WorkerCpuRow } from '../worker/judge-worker.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { url, pairs, registrars, intervalMs, windowMs, seed } = plan<WorkerCpuPlan>();
const release = stayAlive();
const random = seededRandom(seed);

/** Of the main thread alone, in microseconds, as the kernel counts it. */
function mainCpuUs(): number {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const rare = { thread: 'worker', interval: '30s' } as const;
const often = { thread: 'worker', interval: intervalMs } as const;
const heartbeats = { still: rare, stillAgain: rare, beating: often, onMain: { ...often, thread: 'main' } } as const;
const shutdown = { signals: false, drain: { min: 0, quiet: 0, max: '1s' } } as const;

async function measure(who: Contestant): Promise<number> {
  const heartbeat = heartbeats[who];
  const living = Array.from(
    { length: registrars },
    (_, nth) =>
      new Registrar({
        name: `bench-${nth}`,
        id: `bench-${nth}`,
        port: nth + 1,
        ttl: '60s',
        registry: consul({ endpoints: [url] }),
        logger: false,
        heartbeat,
        shutdown,
      }),
  );
  await Promise.all(living.map((registrar) => registrar.start()));
  await collectGarbage();
  await pause(300);
  const before = mainCpuUs();
  await pause(windowMs);
  const took = mainCpuUs() - before;
  for (const registrar of living) {
    const { thread, lastBeatAgoMs = Infinity } = registrar.status();
    const beatsAsMeant = heartbeat === rare || lastBeatAgoMs < 20 * intervalMs;
    if (thread !== heartbeat.thread || !beatsAsMeant)
      throw new Error(`${who} beats from the ${String(thread)} thread, last ${String(lastBeatAgoMs)} ms ago`);
  }
  await Promise.all(living.map((registrar) => registrar.stop()));
  return took;
}

for (const who of Object.keys(heartbeats) as Contestant[]) await measure(who);
for (let pair = 1; pair <= pairs; pair += 1) {
  const order = shuffled(Object.keys(heartbeats) as Contestant[], random);
  const mainCpu: Record<Contestant, number> = { still: 0, stillAgain: 0, beating: 0, onMain: 0 };
  for (const who of order) mainCpu[who] = await measure(who);
  const row: WorkerCpuRow = { order, mainCpuUs: mainCpu, beats: (registrars * windowMs) / intervalMs };
  reportRow(row);
}
release();
