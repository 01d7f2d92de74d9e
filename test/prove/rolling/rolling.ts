import { waitFor } from '../../support/wait-for.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { pause } from '../experiment/pause.js';
import { table } from '../experiment/table.js';
import type { Balancer } from './balancer.js';
import { Fleet } from './fleet.js';
import { judgeRolling } from './judge-rolling.js';
import type { RollingEvent, RollingFigures } from './judge-rolling.js';
import { Load, ask } from './load.js';
import { partsFor } from './parts.js';
import type { Part } from './parts.js';
import { createWorld } from './world.js';
import { startBalancer } from './start-balancer.js';
import type { World } from './world.js';

const slots = [0, 1, 2, 3];
const SERVING_WITHIN_MS = 60_000;
/** Between two restarts, so that balancers have taken in the new instance. */
const SETTLE_MS = 500;
/** What the balancer logs of a request may come after its answer. */
const LOG_WITHIN_MS = 300;

/** P3: no request is lost in a rolling restart, and an instance goes as soon as its traffic has gone. */
export async function rolling(lab: Lab): Promise<Verdict> {
  const history = lab.record<RollingEvent>();
  for (const part of partsFor(lab.options, lab.runs)) {
    lab.say(`${part.name}: ${part.rolls} restarts`);
    await run(part, history);
    history.flush();
  }
  const verdict = judgeRolling(history.events);
  lab.say(partsTable(verdict.figures));
  lab.say(failuresTable(history.events));
  return verdict;
}

async function run(part: Part, history: History<RollingEvent>): Promise<void> {
  const { name, claim, rolls, way, framework, policy } = part;
  history.note({ event: 'part', name, claim, rolls, at: wallClock() });
  const world = await createWorld(part.nemesis);
  const fleet = new Fleet({ url: world.url, service: 'web', way, framework, policy });
  const balancers: Balancer[] = [];
  const loads: Load[] = [];
  try {
    for (const slot of slots) fleet.launch(slot);
    for (const plan of part.balancers) {
      const balancer = await startBalancer(plan, world, 'web', framework);
      balancers.push(balancer);
      await waitFor(async () => (await ask(balancer, '/1', 'first', false)) === undefined, {
        timeoutMs: SERVING_WITHIN_MS,
      });
      loads.push(new Load(balancer, plan.streams));
    }
    await Promise.all(slots.map((slot) => fleet.serving(slot)));
    await pause(part.warmUpMs);
    for (let roll = 1; roll <= rolls; roll += 1) {
      const slot = roll % slots.length;
      history.note(await restart(world, fleet, slot, roll));
      fleet.launch(slot);
      await fleet.serving(slot);
      await pause(SETTLE_MS);
    }
    await Promise.all(loads.map((load) => load.stop()));
    await pause(LOG_WITHIN_MS);
    for (const [i, load] of loads.entries()) noteFailures(load, balancers[i], history);
    const requests = loads.reduce((sum, load) => sum + load.requests, 0);
    history.note({ event: 'over', requests, repeats: balancers[0]?.repeats(), at: wallClock() });
  } finally {
    await fleet.kill();
    await Promise.all(balancers.map((balancer) => balancer.stop()));
    await world.stop();
  }
}

/** With what befalls the registry, from just before the signal on. */
async function restart(
  world: World,
  fleet: Fleet,
  slot: number,
  roll: number,
): Promise<Extract<RollingEvent, { event: 'restarted' }>> {
  const mend = await world.strike?.();
  const ending = fleet.terminate(slot, roll);
  if (world.lastsMs !== undefined) await pause(world.lastsMs);
  else await ending;
  await mend?.();
  return ending;
}

function noteFailures(load: Load, balancer: Balancer | undefined, history: History<RollingEvent>): void {
  for (const { at, id, path, connection, kind, detail } of load.failures) {
    history.note({
      event: 'failed',
      at,
      path,
      connection,
      kind,
      detail,
      termination: balancer?.endOf(id),
    });
  }
}

function partsTable({ parts }: RollingFigures): string {
  const head = [
    '',
    'restarts',
    'requests',
    'failed',
    'made twice',
    'SIGTERM to exit: p50',
    'max',
    'last request: p50',
    'max',
    'exit after the last request or answer: p50',
    'max',
    'longest silence broken',
  ];
  const rows = Object.entries(parts).map(
    ([name, { rolls, requests, failed, repeats, exitMs, strayMs, idleMs, longestSilenceMs }]) => {
      const ms = [exitMs.p50, exitMs.max, strayMs.p50, strayMs.max, idleMs.p50, idleMs.max, longestSilenceMs].map(
        (value) => (Number.isNaN(value) ? '-' : Math.round(value)),
      );
      return [name, rolls, requests, failed, repeats ?? '-', ...ms];
    },
  );
  return `${table(head, rows)}\n(times in ms)`;
}

/** Every kind of failure, with the balancer's termination code. */
function failuresTable(history: readonly RollingEvent[]): string {
  const counts = new Map<string, number>();
  let part = '';
  for (const event of history) {
    if (event.event === 'part') part = event.name;
    if (event.event !== 'failed') continue;
    const row = JSON.stringify([
      part,
      event.path,
      event.connection,
      `${event.kind} ${event.detail}`,
      event.termination ?? 'not logged',
    ]);
    counts.set(row, (counts.get(row) ?? 0) + 1);
  }
  if (counts.size === 0) return 'No request failed.';
  return table(
    ['failed in', 'request', 'connection', 'as the caller saw it', 'the balancer', 'times'],
    [...counts].map(([row, times]) => [...(JSON.parse(row) as string[]), times]),
  );
}
