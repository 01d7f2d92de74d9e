import { Registrar, consul, nearest } from '../../../src/index.js';
import type { Registry } from '../../../src/index.js';
import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import { seededRandom } from '../../support/seeded.js';
import { startConsul, startConsulPair } from '../../support/servers/consul-server.js';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { every, pause } from '../experiment/pause.js';
import { spreadTable, table } from '../experiment/table.js';
import { Onlooker } from './onlooker.js';
import { faultsFor, judgeTwoAgents } from './judge-two-agents.js';
import type { Part, TwoAgentsEvent } from './judge-two-agents.js';
import { NaiveFailover } from './naive-failover.js';

const RUNS = 6;
const TTL_MS = 10_000;
const INTERVAL_MS = 1_000;
const OPEN_FOR_MS = 3_000;
/** What `nearest` waits before a trial, at most, after an outage as long as here. */
const LONGEST_TRIAL_PAUSE_MS = 16_000;
const FARTHER_BY_MS = 20;
const LOOK_EVERY_MS = 20;
const BACK_WITHIN_MS = LONGEST_TRIAL_PAUSE_MS + 5_000;
/** Longer than any bound, so that a broken one is measured and not cut off. */
const GIVE_UP_MS = 45_000;
/** After the return: it must not go again, and nothing may come back. */
const WATCH_AFTER_MS = 1_500;

/** P2 and P4: with one agent gone the other one holds us, and when it is back nothing is left over anywhere. */
export async function twoAgents(lab: Lab): Promise<Verdict> {
  const history = lab.record<TwoAgentsEvent>();
  await oneDatacenter(lab, history);
  await twoDatacenters(lab, history);
  const verdict = judgeTwoAgents(history.events, {
    ttlMs: TTL_MS,
    intervalMs: INTERVAL_MS,
    backWithinMs: BACK_WITHIN_MS,
  });
  const { killedMs, hungMs, backMs, ...others } = verdict.figures;
  lab.say(
    spreadTable({
      'killed: ms until registered with the other': killedMs,
      'hung: ms until registered with the other': hungMs,
      'healed: ms until back with the preferred alone': backMs,
    }),
  );
  lab.say(table(['', ''], Object.entries(others)));
  return verdict;
}

async function oneDatacenter(lab: Lab, history: History<TwoAgentsEvent>): Promise<void> {
  const { client, server, stop } = await startConsulPair();
  const registry = consul({ endpoints: [client.url, server.url], breaker: { openFor: OPEN_FOR_MS } });
  const onlooker = new Onlooker(history, { preferred: client, other: server }, [server.url]);
  try {
    await runPart(lab, history, { part: 'agents', preferred: client, other: server, registry, onlooker });
  } finally {
    onlooker.close();
    await stop();
  }
}

async function twoDatacenters(lab: Lab, history: History<TwoAgentsEvent>): Promise<void> {
  const [near, far] = (await Promise.all(
    ['east', 'west'].map((datacenter) => startConsul({ dataDir: true, config: { datacenter } })),
  )) as [ConsulServer, ConsulServer];
  const way = await startFaultProxy({ target: { host: '127.0.0.1', port: far.port } });
  await way.delay(FARTHER_BY_MS / 2);
  // The far one first: what is preferred has to be found out.
  const registry = nearest([consul({ endpoints: [way.url] }), consul({ endpoints: [near.url] })], { register: true });
  const onlooker = new Onlooker(history, { preferred: near, other: far }, [near.url, far.url]);
  try {
    await runPart(lab, history, { part: 'datacenters', preferred: near, other: far, registry, onlooker });
  } finally {
    onlooker.close();
    await way.close();
    await near.stop();
    await far.stop();
  }
}

interface Stage {
  readonly part: Part;
  readonly preferred: ConsulServer;
  readonly other: ConsulServer;
  readonly registry: Registry;
  readonly onlooker: Onlooker;
}

async function runPart(lab: Lab, history: History<TwoAgentsEvent>, stage: Stage): Promise<void> {
  const { part, preferred, other, registry, onlooker } = stage;
  const faults = faultsFor(lab.runs ?? RUNS);
  const random = seededRandom(lab.seed);
  const drain = { min: 0, quiet: 0, max: '2s' };
  const registrar = new Registrar({
    name: 'ours',
    id: 'ours',
    address: '10.0.0.1',
    port: 3000,
    ttl: TTL_MS,
    heartbeat: { interval: INTERVAL_MS },
    registry,
    logger: false,
    shutdown: { signals: false, drain },
  });
  const control = new NaiveFailover([preferred.url, other.url], TTL_MS, INTERVAL_MS);
  const isHome = () => onlooker.sees('ours', ['preferred'], ['preferred']);
  try {
    void registrar.start();
    control.start();
    await look(onlooker, isHome);
    for (const [index, fault] of faults.entries()) {
      const round = index + 1;
      history.note({ event: 'round', part, fault, round, at: wallClock() });
      await onlooker.note();
      await pause(random() * INTERVAL_MS);
      history.note({ event: 'struck', at: wallClock() });
      if (fault === 'hung') preferred.pause();
      else await preferred.kill();
      await look(onlooker, () => onlooker.passesAt('ours', 'other'));
      // For a while shorter or longer than the TTL.
      await look(onlooker, () => false, random() * 1.5 * TTL_MS);
      if (fault === 'hung') preferred.resume();
      else await preferred.restart();
      history.note({ event: 'healed', at: wallClock() });
      if (fault === 'successor') await liveBesideSuccessor(history, stage);
      await look(onlooker, isHome);
      await look(onlooker, () => false, WATCH_AFTER_MS);
      history.note({ event: 'over', at: wallClock() });
      history.flush();
      lab.say(`${part}: round ${round} of ${faults.length} (${fault})`);
    }
  } finally {
    control.stop();
    await registrar.stop();
    await look(onlooker, () => onlooker.sees('ours', [], []), TTL_MS);
    history.note({
      event: 'end',
      part,
      at: wallClock(),
      ours: onlooker.entriesOf('ours'),
      control: onlooker.entriesOf('control'),
    });
  }
}

/** Another instance takes our id where we were; it must be left alone until it goes by itself. */
async function liveBesideSuccessor(history: History<TwoAgentsEvent>, { preferred, onlooker }: Stage): Promise<void> {
  await onlooker.putAt(preferred.url, '/v1/agent/service/register', {
    ID: 'ours',
    Name: 'ours',
    Port: 4000,
    Meta: { rollcall_nonce: 'successor' },
    Checks: [{ CheckID: 'successor', Name: 'Heartbeat', TTL: '600s', Status: 'passing' }],
  });
  await look(onlooker, () => false, OPEN_FOR_MS + 3 * INTERVAL_MS);
  history.note({
    event: 'successor',
    at: wallClock(),
    kept: await onlooker.holdsAt(preferred.url, 'ours', 'successor'),
    oursPasses: onlooker.passesAt('ours', 'other'),
  });
  await onlooker.putAt(preferred.url, '/v1/agent/service/deregister/ours');
}

async function look(onlooker: Onlooker, enough: () => boolean, withinMs = GIVE_UP_MS): Promise<void> {
  await every(LOOK_EVERY_MS, () => onlooker.note(), enough, withinMs);
}
