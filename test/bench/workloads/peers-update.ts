import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startContender } from '../peers/contenders/start-contender.js';
import type { PeerSample } from '../peers/judge-peers.js';
import type { RowName } from '../peers/rows.js';
import type { UpdatePlan } from '../peers/workload-plans.js';
import { putInstance } from '../resolve/catalog-load.js';
import { RawClient } from './raw-client.js';
import { collectGarbage, plan, reportRow, stayAlive } from './report-row.js';

const { contender: name, world, instances, firstNew, changes } = plan<UpdatePlan>();
const release = stayAlive();
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
/** What an update brings about ends within so long after it was seen. */
const SETTLED_MS = 200;
/** A reader may pause after a large answer. */
const BETWEEN_MS = 1_500;
const SEEN_WITHIN_MS = 20_000;

const writer = new RawClient(world.consulUrl);
const contender = await startContender(name, world);
const count = contender.count ?? (() => NaN);

/** Whether it was, in time. */
async function isSeen(least: number): Promise<boolean> {
  const deadline = performance.now() + SEEN_WITHIN_MS;
  while (!(count() >= least) && performance.now() < deadline) await sleep(20);
  return count() >= least;
}

const report = (row: RowName, round: number, value: number) =>
  reportRow({ row, contender: name, round, value } satisfies PeerSample);

await isSeen(instances);
await sleep(BETWEEN_MS);
for (let change = 1; change <= changes; change += 1) {
  await collectGarbage();
  const least = count() + 1;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  delay.enable();
  await putInstance(writer, { service: world.service, id: `${name}-${change}`, at: firstNew + change });
  const arrived = await isSeen(least);
  contender.pick?.();
  await sleep(SETTLED_MS);
  delay.disable();
  const { user, system } = process.cpuUsage(cpu);
  report('updateBlockMs', change, arrived ? delay.max / 1e6 : NaN);
  report('updateCpuMs', change, arrived ? (user + system) / 1_000 : NaN);
  await sleep(BETWEEN_MS);
}
await contender.close();
writer.close();
release();
