import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median, quantile } from '../../prove/experiment/statistics.js';
import { dieWithUs } from '../../support/servers/die-with-us.js';
import { seededRandom } from '../../support/seeded.js';
import type { AppFacts, AppPlan, StartedAppPlan } from '../load/app-plan.js';
import { Load } from '../load/load.js';
import { startOtherService } from '../load/other-service.js';
import type { Score, VersusPlan, VersusRow } from '../load/versus.js';
import { shuffled } from '../shuffled.js';
import { plan, reportRow } from './report-row.js';

const CONNECTIONS = 16;
/** Under load before it counts: a service lives for days, and in its first seconds code is compiled. */
const WARM_MS = 3_000;
/** Many short turns in a fresh order each time, and the median of them: what disturbs the machine disturbs all alike, or a turn and no more. */
const TURNS = 13;
const TURN_MS = 100;

class App {
  readonly #child: ChildProcess;
  readonly #load: Load;
  readonly #callOff: () => void;
  readonly #turns: { readonly perSecond: number; readonly p50Ms: number; readonly p99Ms: number }[] = [];
  #callsBefore = 0;

  private constructor(child: ChildProcess, load: Load, callOff: () => void) {
    this.#child = child;
    this.#load = load;
    this.#callOff = callOff;
  }

  static async start(app: AppPlan, path: string, otherPort: number): Promise<App> {
    const words = [JSON.stringify({ ...app, otherPort } satisfies StartedAppPlan)];
    const child = fork(fileURLToPath(new URL('app.js', import.meta.url)), words, { execArgv: [] });
    const callOff = dieWithUs(child.pid ?? 0);
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new App(child, await Load.open(port, path, CONNECTIONS), callOff);
  }

  async warmUp(): Promise<void> {
    await this.#load.run(WARM_MS);
    this.#callsBefore = await this.#userCalls();
  }

  async turn(): Promise<void> {
    const { ms, latenciesMs } = await this.#load.run(TURN_MS);
    this.#turns.push({
      perSecond: (latenciesMs.length / ms) * 1000,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
    });
  }

  async end(): Promise<Score> {
    const userCalls = (await this.#userCalls()) - this.#callsBefore;
    this.#load.close();
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
    this.#callOff();
    const middle = (what: 'perSecond' | 'p50Ms' | 'p99Ms') => median(this.#turns.map((turn) => turn[what]));
    return {
      perSecond: middle('perSecond'),
      p50Ms: middle('p50Ms'),
      p99Ms: middle('p99Ms'),
      userCalls,
      body: this.#load.body,
    };
  }

  async #userCalls(): Promise<number> {
    const answered = once(this.#child, 'message');
    this.#child.send('facts');
    const [{ userCalls }] = (await answered) as [AppFacts];
    return userCalls;
  }
}

const { contestants, paths, rounds, seed } = plan<VersusPlan>();
const random = seededRandom(seed);
const other = await startOtherService();
for (let round = 1; round <= rounds; round += 1) {
  // Also the order in which they are started: a later process finds the machine warmer.
  const order = shuffled(Object.keys(contestants), random);
  const apps: [string, App][] = [];
  for (const who of order)
    apps.push([who, await App.start(contestants[who] as AppPlan, paths[who] ?? '/', other.port)]);
  for (const [, app] of apps) await app.warmUp();
  for (let turn = 1; turn <= TURNS; turn += 1) {
    for (const [, app] of shuffled(apps, random)) await app.turn();
  }
  const scores: Record<string, Score> = {};
  for (const [who, app] of apps) scores[who] = await app.end();
  const row: VersusRow = { round, order, scores };
  reportRow(row);
}
other.server.close();
