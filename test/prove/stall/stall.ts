import { buildPackage } from '../../support/built.js';
import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { seededRandom } from '../../support/seeded.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import type { History } from '../experiment/history.js';
import { every } from '../experiment/pause.js';
import { spreadTable, table } from '../experiment/table.js';
import { judgeStall } from './judge-stall.js';
import type { StallEvent } from './judge-stall.js';
import { shortStalls, wedges } from './stalls.js';
import type { StallKind } from './stalls.js';
import type { FromStalling, StallOrder, StallingPlan } from './stalling-service.js';

const RUNS = 200;
/** Wedges to a stall, and stalls of the control. */
const WEDGE_SHARE = 0.3;
const CONTROL_SHARE = 0.15;
const TTL_MS = 3_000;
/** Two services suffer beside each other: one whose stalls take a core, and one whose stalls only wait. Two that compute would starve all else on a small machine. */
const waiting: readonly StallKind[] = ['execSync', 'Atomics.wait'];
const LOOK_EVERY_MS = 10;
const GIVE_UP_MS = 15_000;

/** P5: with worker beats a stall under the tolerance changes nothing, and a wedged process goes critical and comes back. */
export async function stall(lab: Lab): Promise<Verdict> {
  const runs = lab.runs ?? RUNS;
  const random = seededRandom(lab.seed);
  const history = lab.record<StallEvent>();
  await buildPackage();
  const consul = await startConsul();
  const share = (from: number, to: number) => (from + random() * (to - from)) * TTL_MS;
  const short = (nth: number): StallOrder => ({
    kind: shortStalls[nth % shortStalls.length] as StallKind,
    ms: share(0.1, 0.95),
  });
  const wedge = (nth: number): StallOrder => ({
    kind: wedges[nth % wedges.length] as StallKind,
    ms: TTL_MS + 600 + random() * 900,
  });
  const times = (count: number, make: (nth: number) => StallOrder) =>
    Array.from({ length: Math.ceil(count) }, (_, nth) => make(nth));
  const orders = [...times(runs, short), ...times(runs * WEDGE_SHARE, wedge)];
  try {
    const ours = (name: string): StallingPlan => ({ url: consul.url, name, ttlMs: TTL_MS, thread: 'worker' });
    const waits = ({ kind }: StallOrder) => waiting.includes(kind);
    await Promise.all([
      suffer(
        ours('computing'),
        'ours',
        orders.filter((order) => !waits(order)),
        history,
        lab,
      ),
      suffer(ours('waiting'), 'ours', orders.filter(waits), history, lab),
    ]);
    const control: StallingPlan = { url: consul.url, name: 'control', ttlMs: TTL_MS, thread: 'main' };
    await suffer(control, 'control', times(Math.max(8, runs * CONTROL_SHARE), short), history, lab);
  } finally {
    await consul.stop();
  }
  const verdict = judgeStall(history.events, { toleranceMs: TTL_MS });
  const {
    shortStalls: endured,
    looks,
    outOfPassing,
    overrun,
    longestShortMs,
    criticalMs,
    passingMs,
    controlStalls,
    controlFlips,
  } = verdict.figures;
  lab.say(
    table(
      ['TTL and tolerance 3 s', 'stalls', 'out of ?passing'],
      [
        [
          `worker: 0.1 to 0.95 of the tolerance, the longest ${longestShortMs} ms`,
          endured,
          `${outOfPassing} of ${looks} looks`,
        ],
        ['main thread: the same', controlStalls, `${controlFlips} stalls`],
        ['overrun, counted as neither', overrun, ''],
      ],
    ),
  );
  lab.say(
    spreadTable({
      'wedged: ms from the end of the tolerance until critical': criticalMs,
      'released: ms until passing': passingMs,
    }),
  );
  return verdict;
}

/** One service, and all that is done to it, one after another. */
async function suffer(
  plan: StallingPlan,
  who: 'ours' | 'control',
  orders: readonly StallOrder[],
  history: History<StallEvent>,
  lab: Lab,
): Promise<void> {
  const watched = new Watched(plan, history);
  const service = forkService(new URL('stalling-service.ts', import.meta.url), { words: [JSON.stringify(plan)] });
  try {
    await service.waitForMessage((message): message is FromStalling => (message as FromStalling).kind === 'registered');
    await watched.until(() => watched.passing);
    for (const [nth, order] of orders.entries()) {
      const isShort = (shortStalls as readonly string[]).includes(order.kind);
      watched.startCounting();
      service.send(order);
      const done = stalledBy(service, nth);
      let over = false;
      const ended = done.finally(() => (over = true));
      await watched.until(() => over);
      const { began, ended: at } = await ended;
      history.note({ event: 'stalled', service: plan.name, who, kind: order.kind, began, ended: at });
      // Until it passes again, and a little longer: what comes late is seen as well, and the next stall begins anywhere between two beats.
      await watched.until(() => watched.passing);
      await watched.until(() => false, 200 + (nth % 7) * 130);
      watched.stopCounting(who === 'ours' && isShort && at - began <= TTL_MS * 0.98);
      if ((nth + 1) % 25 === 0) {
        history.flush();
        lab.say(`${plan.name}: ${nth + 1} of ${orders.length}`);
      }
    }
  } finally {
    await service.kill();
    watched.close();
  }
}

/** What it says of its nth stall. */
async function stalledBy(service: ForkedService, nth: number): Promise<Extract<FromStalling, { kind: 'stalled' }>> {
  const isIt = (message: unknown): message is Extract<FromStalling, { kind: 'stalled' }> =>
    (message as FromStalling).kind === 'stalled' &&
    (service.messages as FromStalling[]).filter(({ kind }) => kind === 'stalled').indexOf(message as never) === nth;
  return service.waitForMessage(isIt, 60_000);
}

/** Looks for a service among the passing ones, as its readers do. */
class Watched {
  readonly #reader: CatalogReader;
  readonly #service: string;
  readonly #history: History<StallEvent>;
  #passing: boolean | undefined;
  #looks = 0;
  #inVain = 0;

  constructor({ url, name }: StallingPlan, history: History<StallEvent>) {
    this.#reader = new CatalogReader(url);
    this.#service = name;
    this.#history = history;
  }

  get passing(): boolean {
    return this.#passing === true;
  }

  startCounting(): void {
    this.#looks = 0;
    this.#inVain = 0;
  }

  stopCounting(counts: boolean): void {
    if (counts)
      this.#history.note({ event: 'looked', service: this.#service, looks: this.#looks, inVain: this.#inVain });
  }

  async until(enough: () => boolean, withinMs = GIVE_UP_MS): Promise<void> {
    await every(LOOK_EVERY_MS, () => this.#look(), enough, withinMs);
  }

  close(): void {
    this.#reader.close();
  }

  async #look(): Promise<void> {
    const { at, entries } = await this.#reader.look(this.#service, 'passing');
    if (entries === undefined) return;
    const passing = entries.length > 0;
    this.#looks += 1;
    if (!passing) this.#inVain += 1;
    if (passing !== this.#passing) this.#history.note({ event: 'seen', service: this.#service, at, passing });
    this.#passing = passing;
  }
}
