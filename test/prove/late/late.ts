import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import { forkService } from '../../support/fork-service.js';
import { seededRandom } from '../../support/seeded.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import { startMember } from '../experiment/members.js';
import type { ChainMember } from '../experiment/members.js';
import { every } from '../experiment/pause.js';
import { portOf } from '../experiment/registry-plan.js';
import { spreadTable, table } from '../experiment/table.js';
import { observeCell } from './cell.js';
import { anyOf, judgeLate } from './judge-late.js';
import type { LateBounds, LateCell, LateEvent, LateMoment } from './judge-late.js';
import { lateFaults, lateFirsts, lateForms, lateThreads, lateTtls } from './options.js';
import { registerPatiently } from './patient-client.js';
import type { FromLate, LatePlan } from './service-plan.js';

/** As the defaults have it. */
const intervalOf = (ttlMs: number) => ttlMs / 3;
/** A round trip of a slow one is longer than the TTL: 4.5 and 12 s. */
const slowOf = (ttlMs: number) => (ttlMs === 3_000 ? 4_500 : 1.2 * ttlMs);
const SLACK_MS = 1_000;
const MOMENTS: readonly LateMoment[] = ['start', 'read', 'register', 'update', 'beat', 'idle', 'stop', 'deregister'];
/** Without HTTP there is no request for a fault to begin with, and no status 500. */
const MOMENTS_WITHOUT_HTTP: readonly LateMoment[] = ['start', 'idle', 'stop'];
const boundsOf = (ttlMs: number): LateBounds => ({
  withinMs: ttlMs + SLACK_MS,
  healedMs: intervalOf(ttlMs) + SLACK_MS,
  goneMs: SLACK_MS,
  goneAtFaultMs: ttlMs + 2_000,
  stopMs: 15_000,
});
const STARTS_WITHIN_MS = 90_000;
const CONTROL_GIVES_UP_MS = 30_000;

/** The first of two registries gets a fault, the second is well; all moments of a fault side by side, in one process. */
export async function late(lab: Lab): Promise<Verdict> {
  const history = lab.record<LateEvent>();
  const random = seededRandom(lab.seed);
  const [consul, etcd, redis, second] = await Promise.all([
    startMember.consul(),
    startMember.etcd(),
    startMember.redis(),
    startMember.consul(),
  ]);
  const firsts = { consul, etcd, redis };
  try {
    // Beside the others: it waits, too.
    const control = observeControl(consul, second);
    control.catch(() => undefined);
    for (let round = 1; round <= (lab.runs ?? 1); round += 1)
      for (const group of groupsOf(lab, round)) {
        for (const event of await observeGroup(firsts[group.first], second, group, random)) history.note(event);
        history.flush();
        lab.say(`round ${round}: ${nameOf(group)}`);
      }
    history.note(await control);
  } finally {
    for (const member of [consul, etcd, redis, second]) await member.stop();
  }
  const verdict = judgeLate(history.events, boundsOf);
  sayCells(lab, history.events);
  const { secondMs, anyMs, healedMs, stopMs, controlMs } = verdict.figures;
  lab.say(
    spreadTable({
      'ms from the fault until it passes at the second agent': secondMs,
      'ms until it passes at one that answers': anyMs,
      'ms from the end of the fault until it passes at one alone': healedMs,
      'ms until a stop ended': stopMs,
    }),
  );
  lab.say(
    `a client that is patient with the first: ${controlMs === undefined ? 'never' : `${Math.round(controlMs)} ms`}`,
  );
  return verdict;
}

type Group = Omit<LateCell, 'moment'>;

function groupsOf({ options: { only, first, thread, fault, ttl } }: Lab, round: number): Group[] {
  const isAsked = <T extends string>(all: readonly T[], asked: unknown) =>
    all.filter((one) => asked === undefined || one === asked);
  return (
    isAsked(lateForms, only)
      .flatMap((form) => isAsked(lateFirsts, first).map((kind) => ({ form, first: kind })))
      .flatMap((where) => isAsked(lateThreads, thread).map((on) => ({ ...where, thread: on })))
      .flatMap((where) => isAsked(lateFaults, fault).map((one) => ({ ...where, fault: one })))
      .flatMap((where) =>
        isAsked(lateTtls, ttl).map((seconds): Group => ({ ...where, ttlMs: 1_000 * Number(seconds), round })),
      )
      // The others do nothing that takes as long as a TTL.
      .filter((group) => group.ttlMs === 3_000 || group.fault === 'slow')
      .filter((group) => group.form !== 'endpoints' || group.first === 'consul')
      .filter((group) => group.fault !== '500' || group.first !== 'redis')
  );
}

function momentsOf({ first }: Group): readonly LateMoment[] {
  return first === 'redis' ? MOMENTS_WITHOUT_HTTP : MOMENTS;
}

function nameOf({ form, first, thread, fault, ttlMs }: Group): string {
  return `${form}, ${first} first, ${thread}, ${fault}, TTL ${ttlMs / 1_000} s`;
}

async function observeGroup(
  first: ChainMember,
  second: ChainMember,
  group: Group,
  random: () => number,
): Promise<LateEvent[]> {
  const { form, thread, ttlMs } = group;
  const registries = [first.plan, second.plan];
  const plan: LatePlan = { form, thread, ttlMs, stopWithinMs: boundsOf(ttlMs).stopMs, registries };
  const service = forkService(new URL('service.ts', import.meta.url), { words: [JSON.stringify(plan)] });
  const stage = { first, second, service, intervalMs: intervalOf(ttlMs), slowMs: slowOf(ttlMs), random };
  try {
    await service.waitForMessage(isReady, STARTS_WITHIN_MS);
    return await Promise.all(
      momentsOf(group).map((moment) => {
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
async function observeControl(first: ChainMember, second: ChainMember): Promise<LateEvent> {
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: portOf(first.plan) } });
  const secondUrl = `http://127.0.0.1:${portOf(second.plan)}`;
  const reader = new CatalogReader(secondUrl);
  try {
    await proxy.stall();
    const from = wallClock();
    const registering = registerPatiently([proxy.url, secondUrl], 'control');
    let passes = false;
    const look = async () => {
      passes = (await reader.look('control')).entries?.some(({ passing }) => passing) === true;
    };
    await every(50, look, () => passes, CONTROL_GIVES_UP_MS);
    const secondMs = passes ? wallClock() - from : undefined;
    await registering;
    return { event: 'control', ttlMs: 3_000, secondMs };
  } finally {
    reader.close();
    await proxy.close();
  }
}

/** A row a group, a column a moment: ms until it passes at a registry that answers, or is gone at the first. */
function sayCells(lab: Lab, events: readonly LateEvent[]): void {
  const rows = new Map<string, Map<LateMoment, string>>();
  for (const event of events) {
    if (event.event !== 'struck' && event.event !== 'left') continue;
    const name = `${nameOf(event)}, round ${event.round}`;
    const row = rows.get(name) ?? new Map<LateMoment, string>();
    row.set(event.moment, event.event === 'left' ? leftIn(event) : passedIn(event));
    rows.set(name, row);
  }
  lab.say(
    table(
      ['ms until it passes, or is gone', ...MOMENTS],
      [...rows].map(([name, row]) => [name, ...MOMENTS.map((moment) => row.get(moment) ?? '')]),
    ),
  );
}

function passedIn(cell: Extract<LateEvent, { event: 'struck' }>): string {
  const ms = anyOf(cell);
  return ms === undefined ? 'never' : `${Math.round(ms)}${ms === cell.secondMs ? '' : ' (stays)'}`;
}

function leftIn({ firstMs, stopMs }: Extract<LateEvent, { event: 'left' }>): string {
  const shown = [firstMs, stopMs].map((ms) => (ms === undefined ? 'never' : String(Math.round(ms))));
  return `${shown[0]} (stop ${shown[1]})`;
}
