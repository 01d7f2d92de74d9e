import { waitFor } from '../../support/wait-for.js';
import { wallClock } from '../experiment/history.js';
import { pause } from '../experiment/pause.js';
import { Canaries } from './canaries.js';
import { Chaos } from './chaos.js';
import { Dice } from './grammar/dice.js';
import { HostileProcess } from './hostile-process.js';
import type { Backend, HostileEvent, Plant, Thread } from './judge-hostile.js';
import { observeReturns } from './observe-returns.js';
import type { Party } from './observe-returns.js';
import { startWorlds } from './sides/worlds.js';
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
  /** Beside others whose server is sound, in a process of their own: what those feel too is the machine's doing. @default true */
  readonly isPaired?: boolean;
  readonly note: (event: HostileEvent) => void;
}

const REGISTERED_WITHIN_MS = 60_000;
/** An episode ends when its answers have been given, or after so long. */
const EPISODE_MS = 10_000;
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
  const side = await world.side('fuzzed', chaos);
  const process = new HostileProcess(plan, world, side);
  fuzzed.process = process;
  const controls: Party[] = [];
  if (plan.isPaired !== false) {
    const controlSide = await world.side('control', calm);
    controls.push([controlSide, new HostileProcess({ ...plan, plant: undefined }, world, controlSide)]);
  }
  const parties: readonly Party[] = [[side, process], ...controls];
  try {
    await Promise.all(parties.map(([each]) => allPassing(each)));
    const dice = new Dice(seed);
    while (chaos.answers < plan.answers && process.isRunning) {
      await observeEpisode(plan, dice, chaos, [side, process], controls, drain);
    }
    if (process.isRunning) await observeStop(world, side, process, note);
  } catch (error) {
    if (process.isRunning) throw error;
  } finally {
    if (process.crashed) note({ event: 'crash', at: wallClock(), what: process.lastWords });
    drain();
    chaos.heal();
    await Promise.all(parties.map(([, each]) => each.kill()));
    for (const [each] of parties) each.close();
    await world.close();
  }
  note({ event: 'over', at: wallClock() });
}

async function observeEpisode(
  { answersEach, note }: CellPlan,
  dice: Dice,
  chaos: Chaos,
  [side, process]: Party,
  controls: readonly Party[],
  drain: () => void,
): Promise<void> {
  const before = chaos.answers;
  const processes = [process, ...controls.map(([, control]) => control)];
  for (const each of processes) each.send({ ask: 'episode' });
  for (const meter of [...chaos.requests, ...chaos.connections]) meter.takeMost();
  chaos.begin(dice.pick(SHARES));
  side.begin?.();
  const until = performance.now() + EPISODE_MS;
  while (chaos.answers - before < answersEach && performance.now() < until && process.isRunning) {
    await pause(20);
    drain();
  }
  for (const each of processes) each.send({ ask: 'calm' });
  chaos.heal();
  await side.heal?.();
  await observeReturns([side, process], controls, note);
  drain();
  const requests = chaos.requests.map((meter) => meter.takeMost());
  const connections = chaos.connections.map((meter) => meter.takeMost());
  const asked = chaos.requests.some(({ total }) => total > 0);
  const [own, ...others] = await Promise.all([process.rest(), ...controls.map(([, control]) => control.rest())]);
  note({
    event: 'episode',
    at: wallClock(),
    answers: chaos.answers - before,
    mostRequests: asked ? Math.max(...requests) : undefined,
    mostConnections: asked ? Math.max(...connections) : undefined,
    busiest: asked ? requests.indexOf(Math.max(...requests)) : undefined,
    stallMs: own.stallMs,
    controlStallMs: Math.max(0, ...others.map(({ stallMs }) => stallMs)),
    heap: own.heap,
  });
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
