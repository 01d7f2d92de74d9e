import { seededRandom } from '../../support/seeded.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import type { History } from '../../prove/experiment/history.js';
import { table } from '../../prove/experiment/table.js';
import { putInstance } from '../resolve/catalog-load.js';
import { shuffled } from '../shuffled.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { RawClient } from '../workloads/raw-client.js';
import { contenderNames } from './contender.js';
import type { PeerWorld } from './contender.js';
import { judgePeers } from './judge-peers.js';
import type { PeerSample, PeersFigures } from './judge-peers.js';
import { playRound } from './play-round.js';
import { peerRows, rowNames } from './rows.js';
import type { RowName } from './rows.js';
import { INSTANCES, Stage } from './stage.js';
import type { PicksPlan, UpdatePlan } from './workload-plans.js';

const ROUNDS = 4;
const PICK_ROUNDS = 20;
const PICKS = 200_000;
const CHANGES = 5;
const MANY = 5_000;

/** Ours beside others that find and call instances, on the same instances and through the same faults. */
export async function peers(lab: Lab): Promise<Verdict> {
  const history = lab.record<PeerSample>();
  const rounds = Math.min(lab.runs ?? ROUNDS, ROUNDS);
  const random = seededRandom(lab.seed);
  await buildWorkloads();
  const callers = contenderNames.filter((name) => !isWithout('share503', name));
  for (let round = 1; round <= rounds; round += 1) {
    const samples = await playRound(callers, round, random);
    for (const sample of samples) history.note(sample);
    lab.say(
      samples.length > 0
        ? `round ${round}: faults, a rolling restart, an outage`
        : `round ${round} does not count: the instances stood still, since something else took the processor`,
    );
  }
  await comparePicks(lab, history);
  lab.say('picks');
  await compareUpdates(random, Math.min(lab.runs ?? CHANGES, CHANGES), history);
  const verdict = judgePeers(history.events);
  lab.say(resultTable(verdict.figures));
  for (const name of rowNames) for (const line of footnotes(name)) lab.say(line);
  return verdict;
}

async function comparePicks(lab: Lab, history: History<PeerSample>): Promise<void> {
  const stage = await Stage.start();
  try {
    const plan: PicksPlan = {
      world: stage.world,
      rounds: Math.min(5 * (lab.runs ?? ROUNDS), PICK_ROUNDS),
      seed: lab.seed,
      instances: INSTANCES,
      picks: PICKS,
    };
    await runWorkload<PeerSample>('peers-picks', plan, (sample) => history.note(sample));
  } finally {
    await stage.stop();
  }
}

async function compareUpdates(random: () => number, changes: number, history: History<PeerSample>): Promise<void> {
  const { url: consulUrl, dnsPort, stop } = await startLargeConsul();
  const world: PeerWorld = { service: 'orders', consulUrl, dnsPort, httpPort: 3_000, grpcPort: 3_001 };
  const contestants = contenderNames.filter((name) => !isWithout('updateCpuMs', name));
  let firstNew = MANY;
  try {
    for (const contender of shuffled(contestants, random)) {
      const plan: UpdatePlan = { contender, world, instances: MANY, changes, firstNew };
      await runWorkload<PeerSample>('peers-update', plan, (sample) => history.note(sample));
      firstNew += changes;
    }
  } finally {
    await stop();
  }
}

async function startLargeConsul(): Promise<{ url: string; dnsPort: number; stop(): Promise<void> }> {
  const consul = await startConsul();
  const raw = new RawClient(consul.url);
  try {
    for (let at = 0; at < MANY; at += 1) await putInstance(raw, { service: 'orders', id: `orders-${at}`, at });
    return { url: consul.url, dnsPort: consul.dnsPort, stop: () => consul.stop() };
  } catch (error) {
    await consul.stop();
    throw error;
  } finally {
    raw.close();
  }
}

function isWithout(row: RowName, name: string): boolean {
  return Object.hasOwn(peerRows[row].without, name);
}

function resultTable({ rows }: PeersFigures): string {
  return table(
    ['', ...contenderNames, 'verdict'],
    rowNames.map((name) => {
      const { by, standing } = rows[name];
      return [peerRows[name].title, ...contenderNames.map((contender) => String(by[contender] ?? '-')), standing];
    }),
  );
}

function footnotes(name: RowName): string[] {
  const { title, excuse, without } = peerRows[name];
  return [
    ...(excuse === undefined ? [] : [`${title}: ${excuse.why}`]),
    ...Object.entries(without).map(([peer, why]) => `${title}, without ${peer}: ${why}`),
  ];
}
