import { seededRandom } from '../../support/seeded.js';
import { contenderNames } from '../peers/contender.js';
import type { ContenderName } from '../peers/contender.js';
import { startContender } from '../peers/contenders/start-contender.js';
import type { PeerSample } from '../peers/judge-peers.js';
import type { PicksPlan } from '../peers/workload-plans.js';
import { shuffled } from '../shuffled.js';
import { plan, reportRow, stayAlive } from './report-row.js';

const { world, rounds, picks, instances, seed } = plan<PicksPlan>();
const release = stayAlive();
const random = seededRandom(seed);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const contenders = await Promise.all(
  contenderNames.map(async (name) => ({ name, contender: await startContender(name, world) })),
);
const picking = new Map<ContenderName, () => unknown>();
for (const { name, contender } of contenders) {
  if (contender.pick === undefined) continue;
  picking.set(name, contender.pick);
  while (contender.count !== undefined && contender.count() < instances) await sleep(20);
}

function run(pick: () => unknown): number {
  const from = performance.now();
  for (let index = 0; index < picks; index += 1) pick();
  return (picks * 1_000) / (performance.now() - from);
}

for (const pick of picking.values()) for (let warm = 0; warm < 3; warm += 1) run(pick);
for (let round = 1; round <= rounds; round += 1) {
  for (const contender of shuffled([...picking.keys()], random)) {
    global.gc?.();
    const value = run(picking.get(contender)!);
    reportRow({ row: 'picksPerSecond', contender, round, value } satisfies PeerSample);
  }
}
for (const { contender } of contenders) await contender.close();
release();
