import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { ForkedService } from '../../support/fork-service.js';
import { wallClock } from '../experiment/history.js';
import type { ChainMember } from '../experiment/members.js';
import { every, pause } from '../experiment/pause.js';
import { planVia, portOf } from '../experiment/registry-plan.js';
import type { RegistryPlan } from '../experiment/registry-plan.js';
import type { LateCell, LateEvent } from './judge-late.js';
import { PlantedFault } from './planted-fault.js';
import type { FromLate, ToLate } from './service-plan.js';

const LOOK_EVERY_MS = 20;
/** Longer than the bounds, so that a broken one is measured and not cut off. */
const giveUpMs = (ttlMs: number) => 10_000 + 1.5 * ttlMs;
/** Longer than the bound by what a doubt may take to be over. */
const healedWithinMs = (ttlMs: number) => 3_000 + ttlMs;
/** A move to a registry that is preferred: it passes there before its entry here goes. */
const MOVED_WITHIN_MS = 250;
const REGISTERED_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 60_000;

export interface Stage {
  readonly first: ChainMember;
  readonly second: ChainMember;
  readonly service: ForkedService;
  readonly intervalMs: number;
  readonly slowMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

interface Subject {
  readonly id: string;
  readonly registries: readonly RegistryPlan[];
}

/** One instance on two registries; the way to the first has a proxy of its own, which has the fault. */
export async function observeCell(stage: Stage, cell: LateCell): Promise<LateEvent> {
  const { first, second } = stage;
  const id = `${cell.moment}-${cell.fault}-${cell.form}-${cell.first}-${cell.thread}-${cell.ttlMs}-${cell.round}`;
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: portOf(first.plan) } });
  try {
    const fault = await PlantedFault.plant(proxy, { ...cell, slowMs: stage.slowMs });
    const subject = { id, registries: [planVia(first.plan, proxy.port), second.plan] };
    if (cell.moment === 'stop' || cell.moment === 'deregister') return await observeStop(stage, cell, fault, subject);
    await bringAbout(stage, cell, fault, subject);
    const [firstAt, secondAt] = await watch(stage, id, fault, cell.ttlMs);
    if (fault.struckAt === undefined) return { event: 'broken', ...cell, what: 'the fault never began' };
    const since = (at: number | undefined) => at && Math.max(0, at - fault.struckAt!);
    await pause(stage.random() * cell.ttlMs);
    const healedMs = await observeHealing(stage, id, fault, cell.ttlMs);
    return { event: 'struck', ...cell, secondMs: since(secondAt), firstMs: since(firstAt), healedMs };
  } finally {
    await proxy.close();
  }
}

async function bringAbout(
  { service, intervalMs, random }: Stage,
  { moment }: LateCell,
  fault: PlantedFault,
  subject: Subject,
): Promise<void> {
  const send = (message: ToLate) => service.send(message);
  if (moment === 'read' || moment === 'register') fault.strikeAt(moment);
  if (moment === 'start') await fault.strike();
  send({ ask: 'start', ...subject });
  if (moment === 'start' || moment === 'read' || moment === 'register') return;
  await service.waitForMessage(tellsOf('registered', subject.id), REGISTERED_WITHIN_MS);
  if (moment === 'update' || moment === 'beat') fault.strikeAt(moment);
  if (moment === 'update') send({ ask: 'update', id: subject.id });
  if (moment === 'idle') {
    await pause(random() * intervalMs);
    await fault.strike();
  }
}

/** A stop of an instance that the first registry has: the fault begins before it, or with the answer to its removal. */
async function observeStop(stage: Stage, cell: LateCell, fault: PlantedFault, subject: Subject): Promise<LateEvent> {
  const { first, second, service, intervalMs } = stage;
  const { id } = subject;
  service.send({ ask: 'start', ...subject });
  await service.waitForMessage(tellsOf('registered', id), REGISTERED_WITHIN_MS);
  // Some heartbeats, and a look of its readers.
  await pause(3 * intervalMs);
  if (cell.moment === 'stop') await fault.strike();
  else fault.strikeAt('deregister');
  const from = wallClock();
  const stopped = service.waitForMessage(tellsOf('stopped', id), STOPPED_WITHIN_MS).catch(() => undefined);
  service.send({ ask: 'stop', id });
  const gone: { first: number | undefined; second: number | undefined } = { first: undefined, second: undefined };
  const look = async () => {
    const [there, here] = await Promise.all([first.look(id), second.look(id)]);
    const at = wallClock() - from;
    if (there !== undefined) gone.first = there.passing === 0 ? (gone.first ?? at) : undefined;
    if (here !== undefined) gone.second = here.passing === 0 ? (gone.second ?? at) : undefined;
  };
  await every(LOOK_EVERY_MS, look, () => false, giveUpMs(cell.ttlMs));
  const end = await stopped;
  const stopMs = end?.kind === 'stopped' ? end.tookMs : undefined;
  return { event: 'left', ...cell, firstMs: gone.first, secondMs: gone.second, stopMs };
}

/** When it began to pass at each of them, for good at the first. Ends when it passes at the second. */
async function watch(
  { first, second }: Stage,
  id: string,
  fault: PlantedFault,
  ttlMs: number,
): Promise<readonly [number | undefined, number | undefined]> {
  let firstAt: number | undefined;
  let secondAt: number | undefined;
  const passesAt = async (member: ChainMember) => {
    const seen = await member.look(id);
    return { at: wallClock(), passes: seen && seen.passing > 0 };
  };
  const look = async () => {
    const [there, here] = await Promise.all([passesAt(first), passesAt(second)]);
    if (fault.struckAt === undefined) return;
    if (there.passes !== undefined) firstAt = there.passes ? (firstAt ?? there.at) : undefined;
    if (here.passes === true) secondAt = here.at;
  };
  await every(LOOK_EVERY_MS, look, () => secondAt !== undefined, giveUpMs(ttlMs));
  return [firstAt, secondAt];
}

/** Ends the fault. Resolves to the ms until the instance passes at one of the two alone; undefined: it still did not when the watch ended. */
async function observeHealing(
  { first, second }: Stage,
  id: string,
  fault: PlantedFault,
  ttlMs: number,
): Promise<number | undefined> {
  await fault.heal();
  const from = wallClock();
  let healedMs = 0;
  let isAlone = false;
  let inTwoPlacesAt: number | undefined;
  const look = async () => {
    const seen = await Promise.all([first.look(id), second.look(id)]);
    const passing = seen.filter((one) => one !== undefined && one.passing > 0).length;
    const at = wallClock() - from;
    inTwoPlacesAt = passing === 2 ? (inTwoPlacesAt ?? at) : undefined;
    isAlone = passing === 1 || (inTwoPlacesAt !== undefined && at - inTwoPlacesAt <= MOVED_WITHIN_MS);
    if (!isAlone) healedMs = at;
  };
  await every(LOOK_EVERY_MS, look, () => false, healedWithinMs(ttlMs));
  return isAlone ? healedMs : undefined;
}

function tellsOf(kind: 'registered' | 'stopped', id: string) {
  return (message: unknown): message is FromLate => {
    const told = message as FromLate;
    return told.kind === kind && told.id === id;
  };
}
