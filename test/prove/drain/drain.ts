import { Agent } from 'undici7';
import { fakeResolver } from '../../../src/integrations/testing.js';
import { discover, pools } from '../../../src/integrations/undici.js';
import { startInstance } from '../../support/http-instance.js';
import type { HttpInstance } from '../../support/http-instance.js';
import { seededRandom } from '../../support/seeded.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { pause } from '../experiment/pause.js';
import { spreadTable, table } from '../experiment/table.js';
import { CLOSED_WITHIN_MS, judgeDrain } from './judge-drain.js';
import type { DrainRun, Removal } from './judge-drain.js';

const REMOVALS = 1_000;
const SERVERS = 16;
const WORKERS = 24;
/** Long enough for a call to be under way when its instance leaves. */
const ANSWER_AFTER_MS = 4;
const SETTLED_MS = 6;
const BATCHES = [1, 1, 1, 4, 8] as const;
const LOOKS_EVERY_MS = 1_000;
const SERVICE = 'orders';

/** Instances leave under load, one by one and in batches, and come back. */
export async function drain(lab: Lab): Promise<Verdict> {
  const history = lab.record<Removal>();
  const servers = await Promise.all(Array.from({ length: SERVERS }, () => startInstance(answer)));
  const stage = new Stage(servers, seededRandom(lab.seed));
  try {
    const run = await stage.play(lab.runs ?? REMOVALS, (removal) => history.note(removal));
    const verdict = judgeDrain(run, stage.controlLatePicks);
    const { closedMs, ...counts } = verdict.figures;
    lab.say(
      table(
        ['', 'n'],
        Object.entries(counts).map(([name, figure]) => [name, figure]),
      ),
    );
    lab.say(spreadTable({ 'connections of undici to a leaver closed, ms': closedMs }));
    return verdict;
  } finally {
    await stage.close();
    for (const server of servers) await server.close();
  }
}

const answer: Parameters<typeof startInstance>[0] = (_request, response) => {
  setTimeout(() => response.end('ok'), ANSWER_AFTER_MS);
};

class Stage {
  readonly #servers: readonly HttpInstance[];
  readonly #random: () => number;
  readonly #resolver = fakeResolver({ [SERVICE]: [] });
  readonly #agent = new Agent({ factory: pools(this.#resolver) }).compose(discover(this.#resolver));
  readonly #gone = new Set<string>();
  readonly #failures: string[] = [];
  controlLatePicks = 0;
  #control: readonly string[] = [];
  #latePicks = 0;
  #calls = 0;
  #finishedLater = 0;
  #isOver = false;

  constructor(servers: readonly HttpInstance[], random: () => number) {
    this.#servers = servers;
    this.#random = random;
  }

  async play(removals: number, onRemoval: (removal: Removal) => void): Promise<DrainRun> {
    this.#list();
    const workers = Array.from({ length: WORKERS }, (_, index) => this.#work(index % 2 === 0));
    const looks = this.#lookNowAndThen();
    const found: Removal[] = [];
    for (let removed = 0; removed < removals; removed += found.at(-1)!.removed) {
      found.push(await this.#remove(BATCHES[found.length % BATCHES.length]!));
      onRemoval(found.at(-1)!);
    }
    this.#isOver = true;
    await Promise.all([...workers, looks]);
    return {
      removals: found,
      calls: this.#calls,
      failures: this.#failures,
      finishedLater: this.#finishedLater,
    };
  }

  async close(): Promise<void> {
    await this.#agent.close();
    await this.#resolver.close();
  }

  async #remove(count: number): Promise<Removal> {
    const leavers = [...this.#servers].sort(() => this.#random() - 0.5).slice(0, count);
    await pause(SETTLED_MS);
    const before = this.#latePicks;
    for (const { origin } of leavers) this.#gone.add(origin);
    this.#list();
    const leftAt = performance.now();
    const isClosed = () => leavers.every(({ sockets }) => sockets.size === 0);
    while (!isClosed() && performance.now() - leftAt < 2 * CLOSED_WITHIN_MS) await pause(1);
    const closedMs = isClosed() ? performance.now() - leftAt : undefined;
    for (const { origin } of leavers) this.#gone.delete(origin);
    const latePicks = this.#latePicks - before;
    this.#list();
    return { removed: count, latePicks, closedMs };
  }

  #list(): void {
    const origins = this.#servers.map(({ origin }) => origin).filter((origin) => !this.#gone.has(origin));
    this.#resolver.set(SERVICE, origins);
  }

  /** Half of the load goes by undici, half by `run` and a fetch that keeps no connection. */
  async #work(byUndici: boolean): Promise<void> {
    const orders = this.#resolver.service(SERVICE, { balance: 'random' });
    while (!this.#isOver) {
      this.#calls += 1;
      try {
        if (byUndici) await this.#byUndici();
        else await orders.run(async (origin) => this.#byFetch(origin), { retry: false });
      } catch (error) {
        this.#failures.push(String(error));
      }
      if (this.#control.length > 0 && this.#gone.has(this.#control[this.#calls % this.#control.length] ?? ''))
        this.controlLatePicks += 1;
    }
  }

  async #byUndici(): Promise<void> {
    const { body, statusCode } = await this.#agent.request({
      origin: `http://${SERVICE}.service`,
      path: '/',
      method: 'GET',
    });
    await body.dump();
    if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  }

  async #byFetch(origin: string): Promise<void> {
    if (this.#gone.has(origin)) this.#latePicks += 1;
    const response = await fetch(origin, { headers: { connection: 'close' } });
    await response.text();
    if (!response.ok) throw new Error(`status ${response.status}`);
    if (this.#gone.has(origin)) this.#finishedLater += 1;
  }

  async #lookNowAndThen(): Promise<void> {
    while (!this.#isOver) {
      this.#control = this.#resolver
        .service(SERVICE)
        .snapshot()
        .instances.map(({ origin = '' }) => origin);
      await pause(LOOKS_EVERY_MS);
    }
  }
}
