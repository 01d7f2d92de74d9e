import { seededRandom } from '../../support/seeded.js';
import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import { every, pause } from '../experiment/pause.js';
import { spreadTable } from '../experiment/table.js';
import { Callers } from './callers.js';
import { judgeLeases } from './judge-leases.js';
import type { LeaseEvent } from './judge-leases.js';
import type { LeaseRegistry } from './options.js';
import { startRawStore } from './raw-store.js';
import type { RawStore } from './raw-store.js';

const RUNS = 20;
const TTL_MS = 3_000;
/** etcd takes out expired leases twice a second; a busy machine adds to both. */
const SLACK_MS = 1_000;
const LOOK_EVERY_MS = 5;
const GIVE_UP_MS = 20_000;
/** A new process on a busy machine. */
const STARTED_WITHIN_MS = 90_000;
const INSTANCES = 3;
/** Between two restarts, so that callers have found the new instance. */
const SETTLE_MS = 600;
const CONTROL_RESTARTS = 2;

/** What the proofs of recovery, kills and rolling restarts show on Consul, where entries hang on leases. */
export async function leases(lab: Lab): Promise<Verdict> {
  const kind = (lab.options.registry ?? 'etcd') as LeaseRegistry;
  const runs = lab.runs ?? RUNS;
  const random = seededRandom(lab.seed);
  const history = lab.record<LeaseEvent>();
  const store = await startRawStore(kind);
  const fleet = new Fleet(store);
  try {
    await fleet.start('single', 'ours-0');
    for (let round = 1; round <= runs; round += 1) {
      history.note(await emptied(store, round));
      history.note({ event: 'removed', round, backMs: await removed(store) });
      await pause(random() * TTL_MS);
      history.note(await killed(store, fleet, round));
      history.flush();
    }
    lab.say(`${runs} times emptied, removed and killed`);
    history.note({ ...(await rolled(store, fleet, 'rolling', runs)), who: 'ours' });
    history.note({ ...(await rolled(store, fleet, 'control', Math.min(runs, CONTROL_RESTARTS))), who: 'control' });
  } finally {
    await fleet.kill();
    await store.stop();
  }
  const verdict = judgeLeases(history.events, { ttlMs: TTL_MS, slackMs: SLACK_MS });
  const { emptiedBackMs, removedBackMs, outMs, requests, failed, controlFailed } = verdict.figures;
  lab.say(
    spreadTable({
      'the registry came back empty: ms until listed': emptiedBackMs,
      'removed by another: ms until listed': removedBackMs,
      [`killed: ms until out (TTL ${TTL_MS})`]: outMs,
    }),
  );
  lab.say(
    `rolling restarts: ${failed} of ${requests} requests failed; of instances that exit at once, ${controlFailed}`,
  );
  return verdict;
}

async function emptied(store: RawStore, round: number): Promise<LeaseEvent> {
  await store.writeForEver('for-ever');
  await store.restartEmpty();
  const backMs = await msUntil(store, 'single', (count) => count === 1);
  return { event: 'emptied', round, backMs, controlBack: (await store.look('for-ever'))?.length !== 0 };
}

async function removed(store: RawStore): Promise<number | undefined> {
  await store.remove('single', 'ours-0');
  return msUntil(store, 'single', (count) => count === 1);
}

async function killed(store: RawStore, fleet: Fleet, round: number): Promise<LeaseEvent> {
  await store.writeForEver('for-ever');
  await fleet.kill();
  const outMs = await msUntil(store, 'single', (count) => count === 0);
  const controlOut = (await store.look('for-ever'))?.length === 0;
  await fleet.start('single', 'ours-0');
  return { event: 'killed', round, outMs, controlOut, entries: (await store.look('single'))?.length ?? 0 };
}

async function rolled(store: RawStore, fleet: Fleet, service: 'rolling' | 'control', restarts: number) {
  const exitsAtOnce = service === 'control';
  const names = Array.from({ length: INSTANCES }, (_, at) => `${service}-${at}`);
  for (const id of names) await fleet.start(service, id, exitsAtOnce);
  const callers = new Callers(store, service);
  await pause(SETTLE_MS);
  for (let restart = 0; restart < restarts; restart += 1) {
    const id = names[restart % INSTANCES] ?? '';
    await fleet.terminate(id);
    await fleet.start(service, id, exitsAtOnce);
    await pause(SETTLE_MS);
  }
  await callers.stop();
  const { requests, failed } = callers;
  return { event: 'rolled' as const, restarts, requests, failed };
}

/** From now until the listing has as many as `enough` wants; undefined: it never had. */
async function msUntil(
  store: RawStore,
  service: string,
  enough: (count: number) => boolean,
): Promise<number | undefined> {
  const from = wallClock();
  let at: number | undefined;
  const look = async () => {
    const listed = await store.look(service);
    if (listed !== undefined && enough(listed.length)) at = wallClock();
  };
  await every(LOOK_EVERY_MS, look, () => at !== undefined, GIVE_UP_MS);
  return at === undefined ? undefined : at - from;
}

/** Instances by id, each in a process of its own. */
class Fleet {
  readonly #store: RawStore;
  readonly #instances = new Map<string, ForkedService>();

  constructor(store: RawStore) {
    this.#store = store;
  }

  /** Resolves once it is listed at a port of its own. */
  async start(name: string, id: string, exitsAtOnce = false): Promise<void> {
    const before = (await this.#store.look(name))?.find((one) => one.id === id)?.port;
    const plan = { registry: this.#store.plan, name, id, ttlMs: TTL_MS, exitsAtOnce };
    this.#instances.set(id, forkService(new URL('service.ts', import.meta.url), { words: [JSON.stringify(plan)] }));
    let isListed = false;
    const look = async () => {
      const found = (await this.#store.look(name))?.find((one) => one.id === id);
      isListed = found !== undefined && found.port !== before;
    };
    if (!(await every(LOOK_EVERY_MS, look, () => isListed, STARTED_WITHIN_MS)))
      throw new Error(`${id} was never listed`);
  }

  async terminate(id: string): Promise<void> {
    const instance = this.#instances.get(id);
    instance?.signal('SIGTERM');
    await instance?.exit;
  }

  async kill(): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.kill()));
    this.#instances.clear();
  }
}
