import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import { forkService } from '../../support/fork-service.js';
import { seededRandom } from '../../support/seeded.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import { every } from '../experiment/pause.js';
import { spreadTable, table } from '../experiment/table.js';
import { observeCell } from './cell.js';
import { anyOf, judgeLate } from './judge-late.js';
import type { LateCell, LateEvent, LateMoment } from './judge-late.js';
import { lateFaults, lateForms, lateThreads } from './options.js';
import { registerPatiently } from './patient-client.js';
import type { FromLate, LatePlan } from './service-plan.js';

const TTL_MS = 3_000;
/** As the defaults have it. */
const INTERVAL_MS = TTL_MS / 3;
const SLACK_MS = 1_000;
const MOMENTS: readonly LateMoment[] = ['start', 'read', 'register', 'update', 'beat', 'idle'];
const STARTS_WITHIN_MS = 90_000;
const CONTROL_GIVES_UP_MS = 30_000;

/** The first of two agents gets a fault, the second is well; the moments of a fault side by side, in one process. */
export async function late(lab: Lab): Promise<Verdict> {
  const history = lab.record<LateEvent>();
  const random = seededRandom(lab.seed);
  const [first, second] = await Promise.all([startConsul(), startConsul()]);
  try {
    // Beside the others: it waits, too.
    const control = observeControl(first, second);
    control.catch(() => undefined);
    for (let round = 1; round <= (lab.runs ?? 1); round += 1)
      for (const group of groupsOf(lab, round)) {
        for (const event of await observeGroup(first, second, group, random)) history.note(event);
        history.flush();
        lab.say(`round ${round}: ${group.form}, ${group.thread}, ${group.fault}`);
      }
    history.note(await control);
  } finally {
    await first.stop();
    await second.stop();
  }
  const verdict = judgeLate(history.events, { withinMs: TTL_MS + SLACK_MS });
  sayCells(lab, history.events);
  const { secondMs, anyMs, controlMs } = verdict.figures;
  lab.say(
    spreadTable({
      'ms from the fault until it passes at the second agent': secondMs,
      'ms until it passes at one that answers': anyMs,
    }),
  );
  lab.say(
    `a client that is patient with the first: ${controlMs === undefined ? 'never' : `${Math.round(controlMs)} ms`}`,
  );
  return verdict;
}

type Group = Omit<LateCell, 'moment'>;

function groupsOf({ options: { only, thread, fault } }: Lab, round: number): Group[] {
  const isAsked = <T extends string>(all: readonly T[], asked: unknown) =>
    all.filter((one) => asked === undefined || one === asked);
  return isAsked(lateForms, only).flatMap((form) =>
    isAsked(lateThreads, thread).flatMap((on) =>
      isAsked(lateFaults, fault).map((one): Group => ({ form, thread: on, fault: one, round })),
    ),
  );
}

async function observeGroup(
  first: ConsulServer,
  second: ConsulServer,
  group: Group,
  random: () => number,
): Promise<LateEvent[]> {
  const plan: LatePlan = { form: group.form, thread: group.thread, ttlMs: TTL_MS };
  const service = forkService(new URL('service.ts', import.meta.url), { words: [JSON.stringify(plan)] });
  const stage = { first, second, service, intervalMs: INTERVAL_MS, random };
  try {
    await service.waitForMessage(isReady, STARTS_WITHIN_MS);
    return await Promise.all(
      MOMENTS.map((moment) => {
        const cell: LateCell = { ...group, moment };
        return observeCell(stage, cell).catch((thrown: unknown): LateEvent => {
          return { event: 'broken', ...cell, what: thrown instanceof Error ? thrown.message : String(thrown) };
        });
      }),
    );
  } finally {
    await service.kill();
  }
}

function isReady(message: unknown): message is FromLate {
  return (message as FromLate).kind === 'ready';
}

/** The first agent is silent from the start. */
async function observeControl(first: ConsulServer, second: ConsulServer): Promise<LateEvent> {
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: first.port } });
  const reader = new CatalogReader(second.url);
  try {
    await proxy.stall();
    const from = wallClock();
    const registering = registerPatiently([proxy.url, second.url], 'control');
    let passes = false;
    const look = async () => {
      passes = (await reader.look('control')).entries?.some(({ passing }) => passing) === true;
    };
    await every(50, look, () => passes, CONTROL_GIVES_UP_MS);
    const secondMs = passes ? wallClock() - from : undefined;
    await registering;
    return { event: 'control', secondMs };
  } finally {
    reader.close();
    await proxy.close();
  }
}

/** A row a group, a column a moment: ms until it passes at an agent that answers. */
function sayCells(lab: Lab, events: readonly LateEvent[]): void {
  const struck = events.filter((event) => event.event === 'struck');
  const rows = new Map<string, Map<LateMoment, string>>();
  for (const cell of struck) {
    const name = `${cell.form}, ${cell.thread}, ${cell.fault}, round ${cell.round}`;
    const ms = anyOf(cell);
    const row = rows.get(name) ?? new Map<LateMoment, string>();
    row.set(cell.moment, ms === undefined ? 'never' : `${Math.round(ms)}${ms === cell.secondMs ? '' : ' (stays)'}`);
    rows.set(name, row);
  }
  lab.say(
    table(
      ['ms until it passes', ...MOMENTS],
      [...rows].map(([name, row]) => [name, ...MOMENTS.map((moment) => row.get(moment) ?? '')]),
    ),
  );
}
