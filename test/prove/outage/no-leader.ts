import { startConsulCluster } from '../../support/servers/consul-server.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import { every, pause } from '../experiment/pause.js';
import type { OutageEvent } from './judge-outage.js';
import { changeTruth, numbered, played } from './scenarios.js';
import { setStage } from './stage.js';
import { SOON_MS, consulAt } from './worlds.js';

const WITHOUT_MS = 30_000;
const ELECTED_WITHIN_MS = 60_000;

/** Two of three servers die, and one comes back later. The agent lives on. */
export async function withoutLeader(): Promise<OutageEvent> {
  const cluster = await startConsulCluster();
  const { client } = cluster;
  const world = consulAt(client, { restartEmpty: () => Promise.resolve(), stop: () => cluster.stop() });
  const raw = rawConsul(client.url, { timeoutMs: 20_000 });
  try {
    const ids = numbered(10);
    return await played(world, 'no-leader', await setStage(world, ids), async (stage) => {
      const first = await cluster.leader();
      await first.kill();
      const other = await electedAfter(cluster, first.url);
      await other.kill();
      await pause(WITHOUT_MS);
      await first.launch();
      const hasLeader = async () => (await raw.get('/v1/status/leader')).body.length > 2;
      let isElected = false;
      const look = async () => {
        isElected = await hasLeader().catch(() => false);
      };
      await every(50, look, () => isElected, ELECTED_WITHIN_MS);
      // The agent may bring the removal to the servers before the newcomer.
      stage.lookups.floor = ids.length - 1;
      const truth = await changeTruth(world, stage, ids);
      const shown = async () =>
        (await raw.get(`/v1/health/service/${stage.name}`)).json<{ Service: { ID: string } }[]>();
      let isTrue = false;
      const read = async () => {
        const there = (await shown().catch(() => [])).map(({ Service }) => Service.ID);
        isTrue = there.length === truth.length && truth.every((id) => there.includes(id));
      };
      await every(50, read, () => isTrue, ELECTED_WITHIN_MS);
      return { healedMs: await stage.until(truth, ELECTED_WITHIN_MS), allowedMs: SOON_MS };
    });
  } finally {
    raw.close();
    await world.stop();
  }
}

async function electedAfter(
  cluster: Awaited<ReturnType<typeof startConsulCluster>>,
  former: string,
): Promise<Awaited<ReturnType<typeof cluster.leader>>> {
  let found: Awaited<ReturnType<typeof cluster.leader>> | undefined;
  const look = async () => {
    const leader = await cluster.leader().catch(() => undefined);
    if (leader?.url !== former) found = leader;
  };
  await every(100, look, () => found !== undefined, ELECTED_WITHIN_MS);
  if (found === undefined) throw new Error('no other server was elected');
  return found;
}
