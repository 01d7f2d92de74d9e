import { TestCluster } from '../../process/fixtures/start-cluster.js';
import { Traffic } from '../../process/fixtures/traffic.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { every, pause } from '../experiment/pause.js';
import { spreadTable, table } from '../experiment/table.js';
import { judgeCluster } from './judge-cluster.js';
import type { ClusterEvent, Who } from './judge-cluster.js';

const RESTARTS = 20;
const CONTROL_RESTARTS = 3;
const WORKERS = 4;
const LOOK_EVERY_MS = 5;
const GIVE_UP_MS = 30_000;
const SETTLED_FOR_MS = 500;
const ANSWER_WITHIN_MS = 3_000;
const shutdown = { drain: { min: '500ms', max: '10s' }, timeout: '20s' };

/** Workers that share a port are one instance: one entry that passes throughout, whichever of them are restarted, and no request lost. */
export async function cluster(lab: Lab): Promise<Verdict> {
  const restarts = lab.runs ?? RESTARTS;
  const history = lab.record<ClusterEvent>();
  const consul = await startConsul();
  try {
    lab.say(`${restarts} restarts of ${WORKERS} workers under load`);
    await part('ours', restarts, consul.url, history, lab);
    await part('control', Math.min(CONTROL_RESTARTS, restarts), consul.url, history, lab);
  } finally {
    await consul.stop();
  }
  const verdict = judgeCluster(history.events, { restarts });
  const { samples, requests, failed, controlFailed, rollMs } = verdict.figures;
  lab.say(
    table(
      ['', 'looks', 'requests', 'failed'],
      [
        ['ours', samples, requests, failed],
        ['workers that know nothing of each other', '', '', controlFailed],
      ],
    ),
  );
  lab.say(spreadTable({ 'a worker restarted: ms from its SIGTERM until another is counted in': rollMs }));
  return verdict;
}

async function part(who: Who, restarts: number, url: string, history: History<ClusterEvent>, lab: Lab): Promise<void> {
  const file = new URL(
    who === 'ours' ? '../../process/fixtures/cluster-service.ts' : 'control-service.ts',
    import.meta.url,
  );
  const service = new TestCluster({ url, workers: WORKERS, options: { name: who, shutdown } }, file);
  const { port } = await service.told('listening', WORKERS);
  await service.told('registered', WORKERS);
  const watch = new Watch(url, who, history);
  const load = new Load(`http://127.0.0.1:${port}`);
  try {
    await watch.until(({ passing }) => passing === 1);
    await load.comes();
    history.note({ event: 'begun', who, at: wallClock() });
    for (let round = 1; round <= restarts; round += 1) {
      const startedAt = wallClock();
      await roll(service, round);
      history.note({ event: 'rolled', who, at: wallClock(), tookMs: wallClock() - startedAt });
      if (round % 5 === 0) lab.say(`${who}: restart ${round} of ${restarts}`);
    }
    await pause(SETTLED_FOR_MS);
    history.note({ event: 'leaving', who, at: wallClock() });
    const rest = service.workers;
    for (const worker of rest) {
      service.tell({ do: 'signal', worker, signal: 'SIGTERM' });
      // A caller that finds nothing in the registry goes elsewhere; until then it goes on.
      if (worker === rest.at(-1)) await watch.until(({ entries }) => entries === 0);
      else await service.told('exit', 1, (told) => told.worker === worker);
    }
    await load.end();
    await service.told('exit', 1, (told) => told.worker === rest.at(-1));
    await watch.until(() => false, SETTLED_FOR_MS);
    history.note({ event: 'over', who, at: wallClock(), samples: await watch.end(), ...load.outcome });
  } finally {
    await load.end();
    await watch.end();
    await service.process.kill();
    history.flush();
  }
}

/** By turns the old worker goes first, or the new one comes first. */
async function roll(service: TestCluster, round: number): Promise<void> {
  const [oldest = 0] = service.workers;
  const registered = service.all('registered').length;
  if (round % 2 === 0) {
    service.tell({ do: 'fork' });
    await service.told('registered', registered + 1);
  }
  service.tell({ do: 'signal', worker: oldest, signal: 'SIGTERM' });
  await service.told('exit', 1, ({ worker }) => worker === oldest);
  if (round % 2 === 1) {
    service.tell({ do: 'fork' });
    await service.told('registered', registered + 1);
  }
}

/** Callers that keep their connection and callers that take a fresh one each time, of quick answers and of slow ones. */
class Load {
  readonly #clients: readonly Traffic[];
  readonly #waiting = new Set<Traffic>();
  #ending: Promise<unknown> | undefined;

  constructor(place: string) {
    const paths = ['/', '/', '/', '/slow/100', '/slow/300'];
    this.#clients = [true, false].flatMap((keepAlive) => paths.map((path) => new Traffic(place + path, { keepAlive })));
  }

  async comes(): Promise<void> {
    await every(
      LOOK_EVERY_MS,
      () => Promise.resolve(),
      () => this.#clients.every(({ answers }) => answers.length > 0),
      GIVE_UP_MS,
    );
  }

  /** Resolves when every request has been answered, or has had time enough. */
  end(): Promise<unknown> {
    this.#ending ??= Promise.race([
      Promise.all(this.#clients.map((client) => this.#stop(client))),
      pause(ANSWER_WITHIN_MS),
    ]);
    return this.#ending;
  }

  get outcome(): { readonly requests: number; readonly failures: string[] } {
    const answers = this.#clients.flatMap((client) => client.answers);
    const failures = answers.flatMap((answer) =>
      typeof answer === 'string' ? [answer] : answer.status === 200 ? [] : [`HTTP ${answer.status}`],
    );
    return { requests: answers.length, failures: [...failures, ...[...this.#waiting].map(() => 'no answer')] };
  }

  async #stop(client: Traffic): Promise<void> {
    this.#waiting.add(client);
    await client.stop();
    this.#waiting.delete(client);
  }
}

interface Catalog {
  readonly entries: number;
  readonly passing: number;
}

/** Looks at the service as readers do, all the time. */
class Watch {
  readonly #reader: CatalogReader;
  readonly #who: Who;
  readonly #history: History<ClusterEvent>;
  readonly #looking: Promise<boolean>;
  #last: Catalog | undefined;
  #samples = 0;
  #ended = false;

  constructor(url: string, who: Who, history: History<ClusterEvent>) {
    this.#reader = new CatalogReader(url);
    this.#who = who;
    this.#history = history;
    this.#looking = every(
      LOOK_EVERY_MS,
      () => this.#look(),
      () => this.#ended,
      Infinity,
    );
  }

  async until(enough: (catalog: Catalog) => boolean, withinMs = GIVE_UP_MS): Promise<void> {
    await every(
      LOOK_EVERY_MS,
      () => Promise.resolve(),
      () => this.#last !== undefined && enough(this.#last),
      withinMs,
    );
  }

  /** Resolves to how often it has looked. */
  async end(): Promise<number> {
    this.#ended = true;
    await this.#looking;
    this.#reader.close();
    return this.#samples;
  }

  async #look(): Promise<void> {
    const { at, entries } = await this.#reader.look(this.#who);
    if (entries === undefined) return;
    this.#samples += 1;
    const seen = { entries: entries.length, passing: entries.filter(({ passing }) => passing).length };
    if (this.#last?.entries === seen.entries && this.#last.passing === seen.passing) return;
    this.#last = seen;
    this.#history.note({ event: 'seen', who: this.#who, at, ...seen });
  }
}
