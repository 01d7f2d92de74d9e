import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { ForkedService } from '../../support/fork-service.js';
import type { ConsulServer } from '../../support/servers/consul-server.js';
import { CatalogReader } from '../experiment/catalog-reader.js';
import { every, pause } from '../experiment/pause.js';
import type { LateCell, LateEvent } from './judge-late.js';
import { PlantedFault } from './planted-fault.js';
import type { FromLate, ToLate } from './service-plan.js';

const LOOK_EVERY_MS = 20;
/** Longer than the bound, so that a broken one is measured and not cut off. */
const GIVE_UP_MS = 15_000;
const REGISTERED_WITHIN_MS = 30_000;

export interface Stage {
  readonly first: ConsulServer;
  readonly second: ConsulServer;
  readonly service: ForkedService;
  readonly intervalMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** One instance on two agents; the way to the first has a proxy of its own, which has the fault. */
export async function observeCell(stage: Stage, cell: LateCell): Promise<LateEvent> {
  const { first, second } = stage;
  const id = `${cell.moment}-${cell.fault}-${cell.form}-${cell.thread}-${cell.round}`;
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: first.port } });
  const readers = [new CatalogReader(first.url), new CatalogReader(second.url)] as const;
  try {
    const fault = await PlantedFault.plant(proxy, cell.fault);
    await bringAbout(stage, cell, fault, { id, urls: [proxy.url, second.url] });
    const [firstAt, secondAt] = await watch(readers, id, fault);
    if (fault.struckAt === undefined) return { event: 'broken', ...cell, what: 'the fault never began' };
    const since = (at: number | undefined) => at && Math.max(0, at - fault.struckAt!);
    return { event: 'struck', ...cell, secondMs: since(secondAt), firstMs: since(firstAt) };
  } finally {
    for (const reader of readers) reader.close();
    await proxy.close();
  }
}

async function bringAbout(
  { service, intervalMs, random }: Stage,
  { moment }: LateCell,
  fault: PlantedFault,
  { id, urls }: { id: string; urls: readonly string[] },
): Promise<void> {
  const send = (message: ToLate) => service.send(message);
  if (moment === 'read' || moment === 'register') fault.strikeAt(moment);
  if (moment === 'start') await fault.strike();
  send({ ask: 'start', id, urls });
  if (moment === 'start' || moment === 'read' || moment === 'register') return;
  const isRegistered = (message: unknown): message is FromLate =>
    (message as FromLate).kind === 'registered' && (message as { id: string }).id === id;
  await service.waitForMessage(isRegistered, REGISTERED_WITHIN_MS);
  if (moment !== 'idle') fault.strikeAt(moment);
  if (moment === 'update') send({ ask: 'update', id });
  if (moment === 'idle') {
    await pause(random() * intervalMs);
    await fault.strike();
  }
}

/** When it began to pass at each of them, for good at the first. Ends when it passes at the second. */
async function watch(
  [first, second]: readonly [CatalogReader, CatalogReader],
  id: string,
  fault: PlantedFault,
): Promise<readonly [number | undefined, number | undefined]> {
  let firstAt: number | undefined;
  let secondAt: number | undefined;
  const passesAt = async (reader: CatalogReader) => {
    const { at, entries } = await reader.look(id);
    return { at, passes: entries?.some(({ passing }) => passing) };
  };
  const look = async () => {
    const [there, here] = await Promise.all([passesAt(first), passesAt(second)]);
    if (fault.struckAt === undefined) return;
    if (there.passes !== undefined) firstAt = there.passes ? (firstAt ?? there.at) : undefined;
    if (here.passes === true) secondAt = here.at;
  };
  await every(LOOK_EVERY_MS, look, () => secondAt !== undefined, GIVE_UP_MS);
  return [firstAt, secondAt];
}
