import { forkService } from '../../support/fork-service.js';
import { startEtcdCluster } from '../../support/servers/etcd-server.js';
import type { EtcdCluster, EtcdServer } from '../../support/servers/etcd-server.js';
import { rawEtcd } from '../../support/servers/raw-etcd.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import type { History } from '../experiment/history.js';
import { every, pause } from '../experiment/pause.js';
import { table } from '../experiment/table.js';
import { bounds, judgeEtcdCluster } from './judge-etcd-cluster.js';
import type { ClusterEvent, Watched } from './judge-etcd-cluster.js';
import { MemberReader, count, emptyTally, readOn } from './member-reader.js';
import type { Reading } from './member-reader.js';
import type { FromMember } from './service.js';

const RUNS = 30;
const TTL_MS = 3_000;
/** Longer than the TTL, so that nothing survives it by not having to be renewed. */
const DOWN_MS = 4_000;
const READS_A_CYCLE = Math.ceil(bounds.reads / RUNS) + 1;
/** The control needs no more to fail. */
const CONTROL_EVERY = 10;
const GIVE_UP_MS = 120_000;

/** P2 on etcd: listed without a gap for readers of any member, whichever member is down. */
export async function etcdCluster(lab: Lab): Promise<Verdict> {
  const cycles = lab.runs ?? RUNS;
  const history = lab.record<ClusterEvent>();
  const cluster = await startEtcdCluster();
  const service = forkService(new URL('service.ts', import.meta.url), {
    words: [JSON.stringify(cluster.urls), `${TTL_MS}ms`],
  });
  const readers = new Readers(cluster);
  try {
    await service.waitForMessage(isTold('registered'), 30_000);
    await registerControl(cluster);
    readers.start();
    for (let cycle = 1; cycle <= cycles; cycle += 1) {
      await strike(cluster, cycle, history);
      await readers.collect(cycle, history);
      history.flush();
      if (cycle % 5 === 0) lab.say(`cycle ${cycle} of ${cycles}`);
    }
    await readers.stop();
    service.send('stop');
    const { lost } = await service.waitForMessage(isTold('stopped'), 30_000);
    const left = await Promise.all(['ours/', '/rollcall/'].map((prefix) => rawEtcd(cluster.urls[0]!).under(prefix)));
    history.note({ event: 'over', lost, keysLeft: left.flat().length });
  } finally {
    await readers.stop();
    await service.kill();
    await cluster.stop();
  }
  const verdict = judgeEtcdCluster(history.events, { ttlMs: TTL_MS, cycles, fullCycles: RUNS });
  const { answered, refused, absent, doubled, listedPercent, controlListedPercent } = verdict.figures;
  lab.say(
    table(
      ['', 'answered', 'refused', 'absent', 'doubled', 'listed %'],
      [
        ['ours', answered, refused, absent, doubled, listedPercent],
        ['control: never renews', '', '', '', '', controlListedPercent],
      ],
    ),
  );
  return verdict;
}

/** What the control does wrong: one lease, one key, no keepalive. */
async function registerControl(cluster: EtcdCluster): Promise<void> {
  const { post } = rawEtcd(cluster.urls[0]!);
  const { ID } = await post<{ ID: string }>('/lease/grant', { TTL: TTL_MS / 1000 });
  await post('/kv/put', {
    key: Buffer.from('control/control-1').toString('base64'),
    value: Buffer.from('x').toString('base64'),
    lease: ID,
  });
}

/** Each member in turn, but every third time the leader, whoever that is. */
async function strike(cluster: EtcdCluster, cycle: number, history: History<ClusterEvent>): Promise<void> {
  const leader = await leaderOf(cluster);
  const turn = cycle - 1 - Math.floor(cycle / 3);
  const struck = cycle % 3 === 0 ? leader : (cluster.members[turn % 3] as EtcdServer);
  const from = performance.now();
  await struck.kill();
  await pause(DOWN_MS);
  const downMs = performance.now() - from;
  await struck.restart();
  history.note({ event: 'outage', cycle, member: cluster.members.indexOf(struck), leader: struck === leader, downMs });
}

/** An election may be going on. */
async function leaderOf(cluster: EtcdCluster): Promise<EtcdServer> {
  let leader: EtcdServer | undefined;
  const look = async () => {
    leader = await cluster.leader().catch(() => undefined);
  };
  if (!(await every(100, look, () => leader !== undefined, GIVE_UP_MS)) || leader === undefined)
    throw new Error('The cluster found no leader');
  return leader;
}

/** One reader a member, all the time: clients are spread over all of them. */
class Readers {
  readonly #readers: readonly MemberReader[];
  #tallies = { ours: emptyTally(), control: emptyTally() };
  #rounds = 0;
  #over = false;
  #going: Promise<unknown> = Promise.resolve();

  constructor({ urls }: EtcdCluster) {
    this.#readers = urls.map((url) => new MemberReader(url));
  }

  start(): void {
    this.#going = Promise.all(
      this.#readers.map((reader) =>
        readOn(
          reader,
          (one) => this.#round(one),
          () => this.#over,
        ),
      ),
    );
  }

  /** Waits until the cycle has its share of answers, and notes them. */
  async collect(cycle: number, history: History<ClusterEvent>): Promise<void> {
    const answered = () => this.#tallies.ours.listed + this.#tallies.ours.absent + this.#tallies.ours.doubled;
    await every(
      50,
      async () => undefined,
      () => answered() >= READS_A_CYCLE,
      GIVE_UP_MS,
    );
    const tallies = this.#tallies;
    this.#tallies = { ours: emptyTally(), control: emptyTally() };
    for (const who of ['ours', 'control'] as const satisfies Watched[])
      history.note({ event: 'reads', cycle, who, ...tallies[who] });
  }

  async stop(): Promise<void> {
    this.#over = true;
    await this.#going;
    for (const reader of this.#readers) reader.close();
  }

  async #round(reader: MemberReader): Promise<Reading> {
    const reading = await reader.read('ours/');
    count(this.#tallies.ours, reading);
    this.#rounds += 1;
    if (this.#rounds % CONTROL_EVERY === 0) count(this.#tallies.control, await reader.read('control/'));
    return reading;
  }
}

function isTold<K extends FromMember['kind']>(kind: K) {
  return (message: unknown): message is Extract<FromMember, { kind: K }> => (message as FromMember).kind === kind;
}
