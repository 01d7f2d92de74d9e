import { forkService } from '../../support/fork-service.js';
import type { ForkedService } from '../../support/fork-service.js';
import { waitFor } from '../../support/wait-for.js';
import { wallClock } from '../experiment/history.js';
import { pause } from '../experiment/pause.js';
import { Canaries } from './canaries.js';
import { Chaos } from './chaos.js';
import { Dice } from './grammar/dice.js';
import type { FromHostile, HostilePlan, Look, ToHostile } from './hostile-plan.js';
import type { Backend, HostileEvent, Plant, Thread } from './judge-hostile.js';
import { pauseOf } from './pause-of.js';
import { startWorlds } from './sides/side.js';
import type { Side, World } from './sides/side.js';

export interface CellPlan {
  readonly backend: Backend;
  readonly thread: Thread;
  readonly seed: number;
  /** How many hostile answers, and of each episode. */
  readonly answers: number;
  readonly answersEach: number;
  readonly registrars: number;
  readonly ttlMs: number;
  readonly intervalMs: number;
  /** The only hostile answer that is given, by its seed. */
  readonly answer?: number | undefined;
  readonly plant?: Plant | undefined;
  readonly note: (event: HostileEvent) => void;
}

const REGISTERED_WITHIN_MS = 60_000;
/** An episode ends when its answers have been given, or after so long. */
const EPISODE_MS = 10_000;
const LOOK_EVERY_MS = 50;
/** Longer than what is promised, so that a late return is measured and not cut off. */
const GIVE_UP_MS = 20_000;
const STOPPED_WITHIN_MS = 20_000;
const SHARES = [0.3, 0.7, 1];

/** Registrars of one backend on one thread, through episodes of hostile answers, beside others that have a sound server. */
export async function observeCell(plan: CellPlan): Promise<void> {
  const { backend, thread, seed, note, plant } = plan;
  const name = `${backend}, ${thread}`;
  note({ event: 'cell', cell: plant === undefined ? name : `planted ${plant} on ${name}`, at: wallClock(), plant });
  const fuzzed: { process?: HostileProcess } = {};
  const output = new Canaries({});
  const startWorld = await startWorlds[backend]();
  const world = await startWorld({
    registrars: plan.registrars,
    onSecret: (secretName, secret) => {
      output.add(secretName, secret);
      fuzzed.process?.send({ ask: 'secret', name: secretName, secret });
    },
  });
  for (const [secretName, secret] of Object.entries(world.secrets)) output.add(secretName, secret);
  const chaos = new Chaos({
    seed,
    registrars: plan.registrars,
    answer: plan.answer,
    onAnswer: (answer) => note({ event: 'answer', ...answer }),
  });
  const drain = () => fuzzed.process?.drain(note, output);
  const calm = new Chaos({ seed, registrars: plan.registrars, onAnswer: () => undefined });
  const sides = await Promise.all([world.side('fuzzed', chaos), world.side('control', calm)]);
  const processes = sides.map((side, index) => new HostileProcess(plan, world, side, index === 0 ? plant : undefined));
  const [side, controlSide] = sides as [Side, Side];
  const [process, control] = processes as [HostileProcess, HostileProcess];
  fuzzed.process = process;
  try {
    await Promise.all([allPassing(side), allPassing(controlSide)]);
    const dice = new Dice(seed);
    while (chaos.answers < plan.answers && process.isRunning) {
      await observeEpisode(plan, dice, chaos, side, process, control, drain);
    }
    if (process.isRunning) await observeStop(world, side, process, note);
  } catch (error) {
    if (process.isRunning) throw error;
  } finally {
    if (process.crashed) note({ event: 'crash', at: wallClock(), what: process.lastWords });
    drain();
    chaos.heal();
    await Promise.all(processes.map((each) => each.kill()));
    for (const each of sides) each.close();
    await world.close();
  }
  note({ event: 'over', at: wallClock() });
}

async function observeEpisode(
  { answersEach, note }: CellPlan,
  dice: Dice,
  chaos: Chaos,
  side: Side,
  process: HostileProcess,
  control: HostileProcess,
  drain: () => void,
): Promise<void> {
  const before = chaos.answers;
  process.send({ ask: 'episode' });
  control.send({ ask: 'episode' });
  for (const meter of [...chaos.requests, ...chaos.connections]) meter.takeMost();
  chaos.begin(dice.pick(SHARES));
  side.begin?.();
  const until = performance.now() + EPISODE_MS;
  while (chaos.answers - before < answersEach && performance.now() < until && process.isRunning) {
    await pause(20);
    drain();
  }
  process.send({ ask: 'calm' });
  control.send({ ask: 'calm' });
  chaos.heal();
  await side.heal?.();
  await observeReturns(side, process, note);
  drain();
  const requests = chaos.requests.map((meter) => meter.takeMost());
  const connections = chaos.connections.map((meter) => meter.takeMost());
  const asked = chaos.requests.some(({ total }) => total > 0);
  const [own, others] = await Promise.all([process.rest(), control.rest()]);
  note({
    event: 'episode',
    at: wallClock(),
    answers: chaos.answers - before,
    mostRequests: asked ? Math.max(...requests) : undefined,
    mostConnections: asked ? Math.max(...connections) : undefined,
    busiest: asked ? requests.indexOf(Math.max(...requests)) : undefined,
    stallMs: own.stallMs,
    controlStallMs: others.stallMs,
    heap: own.heap,
  });
}

/** A Registrar is back once readers find it, and a heartbeat was accepted that was sent after the healing. */
async function observeReturns(side: Side, process: HostileProcess, note: CellPlan['note']): Promise<void> {
  const healedAt = performance.now();
  const atHealing = await process.look();
  const missing = new Map(atHealing.map((look, registrar) => [registrar, look]));
  let looks = atHealing;
  const isBack = (look: Look, passing: ReadonlySet<string>, now: number) =>
    passing.has(look.id) &&
    look.state === 'registered' &&
    look.missedInRow === 0 &&
    (look.lastBeatAgoMs ?? Infinity) < now - healedAt;
  const tell = (registrar: number, backMs: number | undefined) => {
    const first = atHealing[registrar];
    const last = looks[registrar];
    note({
      event: 'healed',
      at: wallClock(),
      registrar,
      backMs,
      pauseMs: pauseOf(first?.trouble),
      says: JSON.stringify({ then: first, now: last }),
      thread: last?.thread,
    });
  };
  while (missing.size > 0 && performance.now() - healedAt < GIVE_UP_MS) {
    const passing = await side.passing();
    looks = await process.look();
    const now = performance.now();
    for (const registrar of [...missing.keys()]) {
      const look = looks[registrar];
      if (look === undefined || !isBack(look, passing, now)) continue;
      missing.delete(registrar);
      tell(registrar, now - healedAt);
    }
    await pause(LOOK_EVERY_MS);
  }
  for (const registrar of missing.keys()) tell(registrar, undefined);
}

async function observeStop(world: World, side: Side, process: HostileProcess, note: CellPlan['note']): Promise<void> {
  process.send({ ask: 'stop' });
  await process.stopped();
  const end = await process.end();
  note({
    event: 'stopped',
    at: wallClock(),
    left: [...(await side.passing())],
    destroyed: await world.destroyed(),
    end,
  });
}

async function allPassing({ passing, registrars }: Side): Promise<void> {
  await waitFor(async () => (await passing()).size === registrars.length, { timeoutMs: REGISTERED_WITHIN_MS });
}

/** The process with the Registrars of one side. */
class HostileProcess {
  readonly #service: ForkedService;
  #asked = 0;
  #drained = { messages: 0, lines: 0 };
  #ended: string | undefined;
  #isStopping = false;

  constructor(
    { backend, thread, ttlMs, intervalMs }: CellPlan,
    { secrets }: World,
    side: Side,
    plant: Plant | undefined,
  ) {
    const { registrars, url: stormUrl } = side;
    const plan: HostilePlan = { backend, thread, registrars, ttlMs, intervalMs, secrets, plant, stormUrl };
    this.#service = forkService(new URL('hostile-service.ts', import.meta.url), { words: [JSON.stringify(plan)] });
    void this.#service.ended.then(({ code, signal }) => (this.#ended = signal ?? `exit ${code ?? 0}`));
  }

  get isRunning(): boolean {
    return this.#ended === undefined;
  }

  get crashed(): boolean {
    return this.#ended !== undefined && !this.#isStopping;
  }

  get lastWords(): string {
    return `${this.#ended ?? ''}\n${this.#service.lines
      .filter((line) => !line.startsWith('{'))
      .slice(-15)
      .join('\n')}`;
  }

  send(message: ToHostile): void {
    if (message.ask === 'stop') this.#isStopping = true;
    if (this.isRunning) this.#service.send(message);
  }

  async look(): Promise<readonly Look[]> {
    const n = (this.#asked += 1);
    this.send({ ask: 'look', n });
    return (await this.#reply('looked', n)).looks;
  }

  rest(): Promise<Extract<FromHostile, { kind: 'rested' }>> {
    const n = (this.#asked += 1);
    this.send({ ask: 'rest', n });
    return this.#reply('rested', n);
  }

  async stopped(): Promise<void> {
    const isStopped = (message: unknown): message is FromHostile => (message as FromHostile).kind === 'stopped';
    await this.#service.waitForMessage(isStopped, STOPPED_WITHIN_MS).catch(() => undefined);
  }

  /** How it ends by itself; it has to, once there is nothing left to do. */
  async end(): Promise<string> {
    return Promise.race([
      this.#service.ended.then(({ code, signal }) => signal ?? `exit ${code ?? 0}`),
      pause(STOPPED_WITHIN_MS).then(() => 'no end'),
    ]);
  }

  /** What it has seen of itself since the last call, and what of its output is secret. */
  drain(note: (event: HostileEvent) => void, canaries: Canaries): void {
    const at = wallClock();
    for (const message of this.#service.messages.slice(this.#drained.messages) as FromHostile[]) {
      if (message.kind === 'unhandled') note({ event: 'unhandled', at, what: message.what });
      if (message.kind !== 'canary') continue;
      const { secret, where, around } = message;
      note({ event: 'canary', at, secret, where, around });
    }
    for (const line of this.#service.lines.slice(this.#drained.lines)) {
      const found = canaries.find(line);
      if (found === undefined) continue;
      note({ event: 'canary', at, secret: found.name, where: 'stdout or stderr', around: found.around });
    }
    this.#drained = { messages: this.#service.messages.length, lines: this.#service.lines.length };
  }

  async kill(): Promise<void> {
    this.#isStopping = true;
    await this.#service.kill();
  }

  #reply<K extends 'looked' | 'rested'>(kind: K, n: number): Promise<Extract<FromHostile, { kind: K }>> {
    const isReply = (message: unknown): message is Extract<FromHostile, { kind: K }> =>
      (message as FromHostile).kind === kind && (message as { n: number }).n === n;
    return this.#service.waitForMessage(isReply, 60_000);
  }
}
