import type { RewriteHook } from '../../../src/integrations/testing/http-rewriter.js';
import { every, pause } from '../experiment/pause.js';
import { HalfOpenProxy } from '../../support/half-open-proxy.js';
import type { OutageEvent } from './judge-outage.js';
import type { OutageKind, OutageScenario } from './options.js';
import { setStage } from './stage.js';
import type { Stage } from './stage.js';
import { SOON_MS } from './worlds.js';
import type { World } from './worlds.js';

/** After that time the burst of requests is over, and an outage is known. */
const BURST_MS = 3_000;
const FLAPPING_MS = 20_000;
const EMPTY_MS = 5_000;
const ONE_MS = 4_000;
/** A doubt that lasts longer never ends. */
const DOUBT_WITHIN_MS = 75_000;
const RECOVERS_WITHIN_MS = 60_000;

export interface ScenarioOptions {
  readonly darkMs: number;
}

type Run = (world: World, options: ScenarioOptions) => Promise<OutageEvent>;

/** The registries on which a scenario means something. */
export const registriesOf: Readonly<Record<Exclude<OutageScenario, 'no-leader'>, readonly OutageKind[]>> = {
  dark: ['consul', 'etcd', 'redis'],
  'half-open': ['consul', 'etcd', 'redis'],
  restart: ['consul', 'etcd'],
  emptied: ['consul', 'etcd'],
  flapping: ['consul'],
  empty: ['consul'],
  'scale-down': ['consul', 'etcd', 'redis'],
};

export const scenarios: Readonly<Record<Exclude<OutageScenario, 'no-leader'>, Run>> = {
  async dark(world, { darkMs }) {
    const ids = numbered(10);
    return played(world, 'dark', await setStage(world, ids), async (stage) => {
      await stage.fault((proxy) => proxy.reset());
      stage.lookups.darkSince = performance.now();
      await pause(BURST_MS);
      const before = stage.proxy.connectionsTotal;
      await pause(darkMs - BURST_MS);
      const requests = stage.proxy.connectionsTotal - before;
      const truth = await changeTruth(world, stage, ids);
      stage.lookups.darkSince = undefined;
      stage.lookups.floor = ids.length;
      await stage.fault((proxy) => proxy.pass());
      const healedMs = await stage.until(truth, RECOVERS_WITHIN_MS);
      return { healedMs, allowedMs: SOON_MS, requestsPerSecond: requests / ((darkMs - BURST_MS) / 1_000) };
    });
  },
  async 'half-open'(world) {
    const ids = numbered(10);
    const proxy = await HalfOpenProxy.start(world.port);
    try {
      return await played(world, 'half-open', await setStage(world, ids, proxy.port), async (stage) => {
        await pause(BURST_MS);
        proxy.forget();
        const truth = await changeTruth(world, stage, ids);
        return { healedMs: await stage.until(truth, RECOVERS_WITHIN_MS), allowedMs: world.halfOpenMs };
      });
    } finally {
      proxy.close();
    }
  },
  async restart(world) {
    const ids = numbered(10);
    return played(world, 'restart', await setStage(world, ids), async (stage) => {
      await pause(BURST_MS);
      await world.restartEmpty();
      // As Registrars come back: one after the other, each critical until its first heartbeat.
      stage.lookups.floor = ids.length - 1;
      for (const id of ids) {
        await pause(300);
        await world.add(stage.name, id);
      }
      return { healedMs: await stage.until(ids, DOUBT_WITHIN_MS), allowedMs: SOON_MS };
    });
  },
  async emptied(world) {
    const ids = numbered(10);
    return played(world, 'emptied', await setStage(world, ids), async (stage) => {
      await pause(BURST_MS);
      await world.restartEmpty();
      const doubtedAt = () => stage.events.find(({ event }) => event === 'doubted')?.at;
      if (
        !(await every(
          2,
          () => Promise.resolve(),
          () => doubtedAt() !== undefined,
          RECOVERS_WITHIN_MS,
        ))
      )
        return { heldMs: 0 };
      const from = doubtedAt() ?? NaN;
      // The doubt ends on time, and what it gives then is the truth.
      const end = every(
        2,
        () => Promise.resolve(),
        () => stage.ids() === '',
        DOUBT_WITHIN_MS,
      );
      await pause(9_000);
      stage.lookups.floor = 0;
      return { heldMs: (await end) ? performance.now() - from : Infinity };
    });
  },
  async flapping(world) {
    const ids = numbered(10);
    return played(world, 'flapping', await setStage(world, ids), async (stage) => {
      let requests = 0;
      // Never the real one, so that each poll is answered at once, and lower at every second answer.
      const flap: RewriteHook = ({ path, headers }) => {
        if (!path.includes('/health/service/')) return undefined;
        requests += 1;
        return { headers: { 'x-consul-index': String(Number(headers['x-consul-index']) - 1 - (requests % 2)) } };
      };
      await stage.proxy.rewrite(flap);
      await world.add(stage.name, '1', ['wakes the poll that is held']);
      await pause(BURST_MS);
      requests = 0;
      await pause(FLAPPING_MS);
      const requestsPerSecond = requests / (FLAPPING_MS / 1_000);
      await stage.proxy.rewrite(undefined);
      const truth = await changeTruth(world, stage, ids);
      return { healedMs: await stage.until(truth, RECOVERS_WITHIN_MS), allowedMs: SOON_MS, requestsPerSecond };
    });
  },
  async empty(world) {
    const ids = numbered(50);
    return played(world, 'empty', await setStage(world, ids), async (stage) => {
      const wake = (tag: string) => world.add(stage.name, '1', [tag]);
      const answering =
        (pick: (all: readonly unknown[]) => readonly unknown[]): RewriteHook =>
        ({ path, body }) =>
          path.includes('/health/service/') ? { body: JSON.stringify(pick(JSON.parse(body) as unknown[])) } : undefined;
      await stage.fault((proxy) => proxy.rewrite(answering(() => [])));
      await wake('a');
      await pause(EMPTY_MS);
      await stage.fault((proxy) => proxy.rewrite(answering((all) => all.slice(0, 1))));
      await wake('b');
      await pause(ONE_MS);
      await stage.fault((proxy) => proxy.rewrite(undefined));
      await world.add(stage.name, '51');
      return { healedMs: await stage.until([...ids, '51'], RECOVERS_WITHIN_MS), allowedMs: SOON_MS };
    });
  },
  async 'scale-down'(world) {
    const ids = numbered(8);
    return played(world, 'scale-down', await setStage(world, ids), async (stage) => {
      await pause(BURST_MS);
      stage.lookups.floor = 1;
      const newcomers = ids.map((id) => `${id}-new`);
      const times: number[] = [];
      // A deploy, four by four; then 8 to 3 and 3 to 1.
      const steps: readonly (readonly [come: readonly string[], go: readonly string[], then: readonly string[]])[] = [
        [newcomers.slice(0, 4), ids.slice(0, 4), [...newcomers.slice(0, 4), ...ids.slice(4)]],
        [newcomers.slice(4), ids.slice(4), newcomers],
        [[], newcomers.slice(3), newcomers.slice(0, 3)],
        [[], newcomers.slice(1, 3), newcomers.slice(0, 1)],
      ];
      for (const [come, go, then] of steps) {
        for (const id of come) await world.add(stage.name, id);
        for (const id of go) await world.remove(stage.name, id);
        times.push(await stage.until(then, RECOVERS_WITHIN_MS));
        await pause(BURST_MS);
      }
      const doubts = stage.events.filter(({ event }) => event === 'doubted').length;
      return { healedMs: Math.max(...times), allowedMs: SOON_MS, doubts };
    });
  },
};

/** One goes, another comes. Resolves to the instances that there are then. */
export async function changeTruth(world: World, stage: Stage, ids: readonly string[]): Promise<readonly string[]> {
  const [first = '', ...rest] = ids;
  await world.add(stage.name, 'new');
  await world.remove(stage.name, first);
  return [...rest, 'new'];
}

/** Runs a scenario on its stage, and ends that whatever happens. */
export async function played(
  { kind }: Pick<World, 'kind'>,
  scenario: OutageScenario,
  stage: Stage,
  play: (stage: Stage) => Promise<Partial<OutageEvent>>,
): Promise<OutageEvent> {
  const from = performance.now();
  try {
    const measured = await play(stage);
    const tookMs = performance.now() - from;
    return { registry: kind, scenario, tookMs, ...stage.lookups.end(), ...measured };
  } finally {
    stage.lookups.end();
    await stage.close();
  }
}

export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(at + 1));
}
