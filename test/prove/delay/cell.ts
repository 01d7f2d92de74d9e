import { startFaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import type { FaultProxy } from '../../../src/integrations/testing/fault-proxy.js';
import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { wallClock } from '../experiment/history.js';
import type { ChainMember } from '../experiment/members.js';
import { every, pause } from '../experiment/pause.js';
import { planVia, portOf } from '../experiment/registry-plan.js';
import type { DelayCell, DelayEvent } from './judge-delay.js';
import type { DelayPlan, FromDelayed } from './service-plan.js';

export const TTL_MS = 10_000;
export const DRAIN_MIN_MS = 2_000;
const TIMEOUT_MS = 25_000;
const REGISTRARS = 3;
const LOOK_EVERY_MS = 100;
/** Four TTLs: an entry whose heartbeats end is out for three of them. */
export const WATCH_MS = 40_000;
/** Longer than the bounds, so that a broken one is measured and not cut off. */
const GIVE_UP_MS = 60_000;
const STARTS_WITHIN_MS = 90_000;

/** A process of three Registrars behind a delay of its own. */
interface Subject {
  readonly proxy: FaultProxy;
  readonly service: ForkedService;
}

/** The delay begins when all are registered. They are watched, and stopped by SIGTERM under it. */
export async function observeStay(member: ChainMember, cell: DelayCell): Promise<DelayEvent[]> {
  const name = serviceOf('stay', cell);
  const { proxy, service } = await begin(member, cell, name);
  try {
    await service.waitForMessage(isKind('registered'), STARTS_WITHIN_MS);
    await until(async () => (await member.look(name))?.passing === REGISTRARS, GIVE_UP_MS);
    await proxy.delay(cell.tripMs / 2);
    const allPass = async () => {
      const held = await member.look(name);
      return held && held.passing === REGISTRARS;
    };
    const seen = await watch(allPass, WATCH_MS);
    const told = (event: 'lost' | 'beatMissed') =>
      (service.messages as FromDelayed[]).filter((message) => message.kind === 'event' && message.event === event);
    const [lost, missed] = [told('lost').length, told('beatMissed').length];
    const stopAt = wallClock();
    service.signal('SIGTERM');
    const ended = await Promise.race([service.ended, pause(GIVE_UP_MS).then(() => undefined)]);
    const tookMs = wallClock() - stopAt;
    const left = (await member.look(name))?.entries ?? NaN;
    return [
      { event: 'stayed', ...cell, ...seen, lost, missed },
      { event: 'stopped', ...cell, tookMs, code: ended?.code, left },
    ];
  } finally {
    await service.kill();
    await proxy.close();
  }
}

/** The delay is there before the start. */
export async function observeStart(member: ChainMember, cell: DelayCell): Promise<DelayEvent[]> {
  const name = serviceOf('start', cell);
  const { proxy, service } = await begin(member, cell, name, cell.tripMs / 2);
  try {
    const { at } = await service.waitForMessage(isKind('starting'), STARTS_WITHIN_MS);
    const isListed = await until(async () => (await member.look(name))?.passing === REGISTRARS, GIVE_UP_MS);
    return [{ event: 'started', ...cell, listedMs: isListed ? wallClock() - at : undefined }];
  } finally {
    await service.kill();
    await proxy.close();
  }
}

/** In how many looks it was not so. A look without an answer says nothing. */
export async function watch(
  isSo: () => Promise<boolean | undefined>,
  ms: number,
): Promise<{ looks: number; out: number }> {
  let [looks, out] = [0, 0];
  const look = async () => {
    const so = await isSo();
    if (so === undefined) return;
    looks += 1;
    if (!so) out += 1;
  };
  await every(LOOK_EVERY_MS, look, () => false, ms);
  return { looks, out };
}

async function begin(member: ChainMember, cell: DelayCell, name: string, delayMs?: number): Promise<Subject> {
  const proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: portOf(member.plan) } });
  if (delayMs !== undefined) await proxy.delay(delayMs);
  const plan: DelayPlan = {
    registry: planVia(member.plan, proxy.port),
    name,
    registrars: REGISTRARS,
    ttlMs: TTL_MS,
    thread: cell.thread,
    drainMinMs: DRAIN_MIN_MS,
    timeoutMs: TIMEOUT_MS,
  };
  return { proxy, service: forkService(new URL('service.ts', import.meta.url), { words: [JSON.stringify(plan)] }) };
}

async function until(isSo: () => Promise<boolean>, ms: number): Promise<boolean> {
  let so = false;
  const look = async () => {
    so = await isSo();
  };
  return every(LOOK_EVERY_MS, look, () => so, ms);
}

function serviceOf(what: 'stay' | 'start', { thread, tripMs, round }: DelayCell): string {
  return `${what}-${thread}-${tripMs}-${round}`;
}

function isKind<K extends FromDelayed['kind']>(kind: K) {
  return (message: unknown): message is Extract<FromDelayed, { kind: K }> => (message as FromDelayed).kind === kind;
}
