import type { Registry } from '../../../src/index.js';
import type { Lab, Verdict } from '../experiment/experiment.js';
import { wallClock } from '../experiment/history.js';
import type { History } from '../experiment/history.js';
import { startMember } from '../experiment/members.js';
import type { ChainMember } from '../experiment/members.js';
import { ObservedService } from '../experiment/observed-service.js';
import { every, pause } from '../experiment/pause.js';
import { registryOf } from '../experiment/registry-plan.js';
import type { RegistryPlan } from '../experiment/registry-plan.js';
import { spreadTable } from '../experiment/table.js';
import { judgeFallback } from './judge-fallback.js';
import type { FallbackEvent, Who } from './judge-fallback.js';

const RUNS = 50;
/** From the preferred one down. */
const CHAIN = ['consul', 'etcd', 'redis', 'file'] as const;
const PATIENCE_MS = 1_000;
/** The first sign of an outage is the first heartbeat in it. */
const BEAT_EVERY_MS = 300;
const TTL = '5s';
const POLL_EVERY_MS = 10;
const READ_EVERY_MS = 50;
const READ_WITHIN_MS = 2_000;
/** Longer than any of the bounds, so that a broken one is measured and not cut off; a trial comes at the latest after 30 s. */
const GIVE_UP_MS = 40_000;
const REST_MS = 300;

/** Every registry of a chain is killed in turn, from the top down until one file is left, and comes back from the bottom up. */
export async function fallbackProof(lab: Lab): Promise<Verdict> {
  const runs = lab.runs ?? RUNS;
  const history = lab.record<FallbackEvent>();
  const members: ChainMember[] = [];
  for (const kind of CHAIN) members.push(await startMember[kind]());
  const chain: RegistryPlan = {
    kind: 'fallback',
    members: members.map(({ plan }) => plan),
    options: { patience: PATIENCE_MS },
  };
  const ours = new ObservedService({ registry: chain, name: 'ours', ttl: TTL, interval: `${BEAT_EVERY_MS}ms` });
  const control = new ObservedService({
    registry: members[0]!.plan,
    name: 'control',
    ttl: TTL,
    interval: `${BEAT_EVERY_MS}ms`,
  });
  const readers: Reader[] = [];
  try {
    await Promise.all([ours.settled(), control.settled()]);
    readers.push(new Reader('ours', chain, history), new Reader('control', members[0]!.plan, history));
    for (let cycle = 1; cycle <= runs; cycle += 1) {
      await downAndUp(cycle, members, history);
      history.flush();
      if (cycle % 10 === 0 || cycle === runs) lab.say(`cycle ${cycle} of ${runs}`);
    }
    for (const reader of readers) await reader.end();
    await ours.stop();
    history.note({ event: 'left', entries: await leftAt(members) });
  } finally {
    for (const reader of readers) await reader.end();
    await Promise.all([ours.kill(), control.kill()]);
    for (const member of members) await member.stop();
  }
  const verdict = judgeFallback(history.events, { patienceMs: PATIENCE_MS });
  const { downMs, upMs, clearedMs, longestGapMs, controlGapMs } = verdict.figures;
  lab.say(
    spreadTable({
      [`killed: ms until it passes below (patience ${PATIENCE_MS})`]: downMs,
      'back: ms until it passes above again': upMs,
      'and from there: ms until nothing is left below': clearedMs,
    }),
  );
  lab.say(
    `longest without an answer: readers of the chain ${longestGapMs} ms, of the first registry alone ${controlGapMs} ms`,
  );
  return verdict;
}

async function downAndUp(
  cycle: number,
  members: readonly ChainMember[],
  history: History<FallbackEvent>,
): Promise<void> {
  const mortal = members.slice(0, -1);
  for (const [index, member] of mortal.entries()) {
    const below = members[index + 1]!;
    await pause(REST_MS);
    history.note({ event: 'killed', cycle, at: wallClock(), from: member.name, to: below.name });
    await member.kill?.();
    await until(below, 'there', ({ passing }) => passing > 0, history);
  }
  for (const [index, member] of [...mortal.entries()].reverse()) {
    const below = members[index + 1]!;
    await pause(REST_MS);
    await member.restart?.();
    history.note({ event: 'back', cycle, at: wallClock(), from: below.name, to: member.name });
    await until(member, 'there', ({ passing }) => passing > 0, history);
    await until(below, 'cleared', ({ entries }) => entries === 0, history);
  }
}

/** Looks at a registry until it is as it should be, and tells of that. */
async function until(
  member: ChainMember,
  event: 'there' | 'cleared',
  isSo: (held: { entries: number; passing: number }) => boolean,
  history: History<FallbackEvent>,
): Promise<void> {
  let so = false;
  const look = async () => {
    const held = await member.look('ours');
    so = held !== undefined && isSo(held);
  };
  if (await every(POLL_EVERY_MS, look, () => so, GIVE_UP_MS))
    history.note({ event, at: wallClock(), member: member.name });
}

async function leftAt(members: readonly ChainMember[]): Promise<Record<string, number>> {
  const left = await Promise.all(
    members.map(async (member) => [member.name, (await member.look('ours'))?.entries ?? -1] as const),
  );
  return Object.fromEntries(left);
}

/** Reads through a chain of its own, as another process of this host does. */
class Reader {
  readonly #who: Who;
  readonly #registry: Registry;
  readonly #history: History<FallbackEvent>;
  readonly #reading: Promise<unknown>;
  #over = false;
  #answeredAt = wallClock();

  constructor(who: Who, plan: RegistryPlan, history: History<FallbackEvent>) {
    this.#who = who;
    this.#registry = registryOf(plan);
    this.#history = history;
    this.#reading = every(
      READ_EVERY_MS,
      () => this.#read(),
      () => this.#over,
      Infinity,
    );
  }

  async end(): Promise<void> {
    this.#over = true;
    await this.#reading;
    await this.#registry.close();
  }

  async #read(): Promise<void> {
    const instances = await this.#registry
      .discovery!.poll(this.#who, undefined, AbortSignal.timeout(READ_WITHIN_MS))
      .then(
        (answer) => answer.instances,
        () => [],
      );
    if (!instances.some(({ status }) => status === 'passing')) return;
    const at = wallClock();
    this.#history.note({ event: 'gap', who: this.#who, at, afterMs: at - this.#answeredAt });
    this.#answeredAt = at;
  }
}
