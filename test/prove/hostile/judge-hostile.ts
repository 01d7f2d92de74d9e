import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { median, rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

export const backends = ['consul', 'etcd', 'redis', 'file'] as const;
export type Backend = (typeof backends)[number];
export const threads = ['main', 'worker'] as const;
export type Thread = (typeof threads)[number];

/** What can be planted, and what the judge has to find then. */
export const plants = ['crash', 'unhandled', 'stall', 'storm', 'leak', 'lost', 'canary'] as const;
export type Plant = (typeof plants)[number];
export type Fault = Plant | 'unmeasured' | 'thread' | 'left over' | 'destroyed';

/** What was observed of one backend on one thread; `at` on the wall clock. */
export type HostileEvent =
  | { readonly event: 'cell'; readonly cell: string; readonly at: number; readonly plant?: Plant | undefined }
  | {
      readonly event: 'answer';
      readonly registrar: number;
      readonly seed: number;
      readonly verb: string;
      readonly what: string;
    }
  /** Between two healings. `most…`: of one Registrar within a second; undefined where nothing is asked. */
  | {
      readonly event: 'episode';
      readonly at: number;
      readonly answers: number;
      readonly mostRequests: number | undefined;
      readonly mostConnections: number | undefined;
      readonly busiest: number | undefined;
      readonly stallMs: number;
      readonly controlStallMs: number;
      readonly heap: number;
    }
  /**
   * One Registrar after the healing. `backMs` undefined: it did not come back. `waitedMs`: what of that time a thread waited for a processor, since
   * others use the machine. `controlBackMs`: for the slowest of those that were never away. `pauseMs`: what its own trouble lets it wait.
   */
  | {
      readonly event: 'healed';
      readonly at: number;
      readonly registrar: number;
      readonly backMs: number | undefined;
      readonly waitedMs: number;
      readonly controlBackMs: number;
      readonly pauseMs: number;
      readonly says: string;
      readonly thread: string | undefined;
    }
  | { readonly event: 'crash'; readonly at: number; readonly what: string }
  | { readonly event: 'unhandled'; readonly at: number; readonly what: string }
  | {
      readonly event: 'canary';
      readonly at: number;
      readonly secret: string;
      readonly where: string;
      readonly around: string;
    }
  /** After the stop: entries that are still listed, keys of others that are gone, and how the process ended. */
  | {
      readonly event: 'stopped';
      readonly at: number;
      readonly left: readonly string[];
      readonly destroyed: readonly string[];
      readonly end: string;
    }
  | { readonly event: 'over'; readonly at: number };

export interface HostileBounds {
  readonly intervalMs: number;
  readonly mostStallMs: number;
  readonly mostRequests: number;
  readonly mostGrowthMb: number;
  /** What the machine and the looks of the observer take. */
  readonly graceMs: number;
}

export interface Problem {
  readonly fault: Fault;
  readonly text: string;
}

export interface CellFigures {
  readonly cell: string;
  readonly answers: number;
  readonly episodes: number;
  readonly backMs: Spread;
  readonly mostRequests: number | undefined;
  /** Beyond the control's. */
  readonly stallMs: number;
  readonly growthMb: number;
}

const MIB = 1024 * 1024;
/** Fewer samples of the heap show no trend. */
const LEAST_SAMPLES = 3;
const ANSWERS_SHOWN = 8;
const SHOWN_OF_A_KIND = 4;

/** Judges one cell: the events from its `cell` to its `over`. */
export function judgeCell(
  events: readonly HostileEvent[],
  bounds: HostileBounds,
): { problems: Problem[]; figures: CellFigures } {
  const problems: Problem[] = [];
  const first = events.find((event) => event.event === 'cell');
  const cell = first?.cell ?? '?';
  const episodes = events.filter((event) => event.event === 'episode');
  const healed = events.filter((event) => event.event === 'healed');
  const stopped = events.filter((event) => event.event === 'stopped');
  const growthMb = growthOf(episodes.map(({ heap }) => heap));
  const stallMs = rounded(Math.max(-Infinity, ...episodes.map((episode) => episode.stallMs - episode.controlStallMs)));
  const figures: CellFigures = {
    cell,
    answers: episodes.reduce((sum, { answers }) => sum + answers, 0),
    episodes: episodes.length,
    backMs: spreadOf(healed.flatMap(({ backMs }) => backMs ?? [])),
    mostRequests: mostOf(episodes.flatMap(({ mostRequests }) => mostRequests ?? [])),
    stallMs,
    growthMb,
  };
  const say = (fault: Fault, text: string, index = events.length, registrar?: number) => {
    problems.push({ fault, text: `${cell}: ${text}${lastAnswers(events.slice(0, index), registrar)}` });
  };
  events.forEach((event, index) => {
    switch (event.event) {
      case 'crash':
        return say('crash', `the process ended: ${event.what}`, index);
      case 'unhandled':
        return say('unhandled', `unhandled: ${event.what}`, index);
      case 'canary':
        return say('canary', `${event.secret} in ${event.where}: …${event.around}…`, index);
      case 'healed':
        return judgeReturn(event, bounds, (fault, text) => say(fault, text, index, event.registrar), cell);
      case 'episode': {
        const beyond = event.stallMs - event.controlStallMs;
        if (beyond > bounds.mostStallMs)
          say('stall', `a thread stood still for ${rounded(beyond)} ms longer than in the control`, index);
        for (const [what, most] of [
          ['requests', event.mostRequests],
          ['connections', event.mostConnections],
        ] as const)
          if (most !== undefined && most > bounds.mostRequests)
            say('storm', `${most} ${what} of one Registrar within a second`, index, event.busiest);
        return;
      }
      case 'stopped':
        if (event.left.length > 0) say('left over', `still listed after the stop: ${event.left.join(', ')}`, index);
        if (event.destroyed.length > 0) say('destroyed', `gone, though not ours: ${event.destroyed.join(', ')}`, index);
        if (event.end !== 'exit 0') say('crash', `after the stop the process ended with ${event.end}`, index);
    }
  });
  if (growthMb > bounds.mostGrowthMb) say('leak', `the heap grew by ${growthMb} MiB`);
  const isCut = events.some(({ event }) => event === 'crash');
  const unmeasured = findUnmeasured({
    returns: figures.backMs,
    episodes: { n: episodes.length },
    growthMb,
    stops: { n: stopped.length },
  });
  if (!isCut) for (const text of unmeasured) problems.push({ fault: 'unmeasured', text: `${cell}: ${text}` });
  if (events.at(-1)?.event !== 'over')
    problems.push({ fault: 'unmeasured', text: `${cell}: it was not observed to its end` });
  return { problems, figures };
}

function judgeReturn(
  { backMs, waitedMs, controlBackMs, pauseMs, says, thread, registrar }: Extract<HostileEvent, { event: 'healed' }>,
  { intervalMs, graceMs }: HostileBounds,
  say: (fault: Fault, text: string) => void,
  cell: string,
): void {
  const name = `Registrar ${registrar}`;
  const promisedMs = Math.max(intervalMs, controlBackMs) + pauseMs;
  if (backMs === undefined) say('lost', `${name} did not come back; it says ${says}`);
  else if (backMs - waitedMs > promisedMs + graceMs)
    say(
      'lost',
      `${name} came back after ${rounded(backMs)} ms, of which ${rounded(waitedMs)} for a processor; ` +
        `promised are ${rounded(promisedMs)}; it said ${says}`,
    );
  if (thread !== undefined && !cell.endsWith(thread)) say('thread', `${name} beats from thread ${thread} by now`);
}

/** The middle of the last third of the samples beyond that of the first third, the very first one left out: it is warming up. NaN for too few. */
function growthOf(heaps: readonly number[]): number {
  const samples = heaps.slice(heaps.length > LEAST_SAMPLES ? 1 : 0);
  if (samples.length < LEAST_SAMPLES) return NaN;
  const third = Math.ceil(samples.length / 3);
  return rounded((median(samples.slice(-third)) - median(samples.slice(0, third))) / MIB);
}

/** So that they can be tried again, by `--answer`. */
function lastAnswers(before: readonly HostileEvent[], registrar: number | undefined): string {
  const given = before.filter((event) => event.event === 'answer');
  const own = registrar === undefined ? given : given.filter((answer) => answer.registrar === registrar);
  const shown = own.slice(-ANSWERS_SHOWN).map(({ seed, verb, what }) => `    --answer ${seed}  ${verb}: ${what}`);
  return shown.length === 0 ? '' : `\n  the last answers before:\n${shown.join('\n')}`;
}

function mostOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.max(...values);
}

/** Splits a history into its cells. */
export function cellsOf(history: readonly HostileEvent[]): HostileEvent[][] {
  const cells: HostileEvent[][] = [];
  for (const event of history) {
    if (event.event === 'cell') cells.push([]);
    cells.at(-1)?.push(event);
  }
  return cells;
}

export interface HostileFigures {
  readonly answers: Readonly<Record<string, number>>;
  readonly returns: number;
  readonly worstBackMs: number | undefined;
  readonly worstStallMs: number | undefined;
  readonly mostRequests: number | undefined;
  readonly growthMb: number | undefined;
  /** Plants that the judge found. */
  readonly found: readonly Plant[];
}

/** What there has to be in a history. */
export interface HostileAim {
  readonly answers: number;
  readonly cells: readonly string[];
  readonly plants: readonly Plant[];
}

/** Each cell must be sound, and each one with a planted fault must not be. */
export function judgeHostile(
  history: readonly HostileEvent[],
  bounds: HostileBounds,
  aim: HostileAim,
): Verdict<HostileFigures> {
  const problems: string[] = [];
  const found: Plant[] = [];
  const sound: CellFigures[] = [];
  for (const events of cellsOf(history)) {
    const { problems: own, figures } = judgeCell(events, bounds);
    const plant = events.find((event) => event.event === 'cell')?.plant;
    if (plant !== undefined) {
      if (own.some(({ fault }) => fault === plant)) found.push(plant);
      continue;
    }
    sound.push(figures);
    problems.push(...shortened(own));
    if (figures.answers < aim.answers)
      problems.push(`${figures.cell}: ${figures.answers} answers, wanted are ${aim.answers}`);
  }
  for (const cell of aim.cells)
    if (!sound.some((figures) => figures.cell === cell)) problems.push(`no samples of ${cell}`);
  for (const plant of aim.plants)
    if (!found.includes(plant))
      problems.push(`the judge did not see a planted ${plant}: this experiment proves nothing about it`);
  const worst = (values: readonly number[]) => (values.length === 0 ? undefined : Math.max(...values));
  const figures: HostileFigures = {
    answers: Object.fromEntries(sound.map(({ cell, answers }) => [cell, answers])),
    returns: sound.reduce((sum, { backMs }) => sum + backMs.n, 0),
    worstBackMs: worst(sound.map(({ backMs }) => backMs.max)),
    worstStallMs: worst(sound.map(({ stallMs }) => stallMs)),
    mostRequests: worst(sound.flatMap(({ mostRequests }) => mostRequests ?? [])),
    growthMb: worst(sound.map(({ growthMb }) => growthMb)),
    found,
  };
  return { problems, figures };
}

/** A few of each kind. */
function shortened(problems: readonly Problem[]): string[] {
  const faults = [...new Set(problems.map(({ fault }) => fault))];
  return faults.flatMap((fault) => {
    const alike = problems.filter((problem) => problem.fault === fault).map(({ text }) => text);
    const more = alike.length - SHOWN_OF_A_KIND;
    return [...alike.slice(0, SHOWN_OF_A_KIND), ...(more > 0 ? [`… and ${more} more of ${fault}`] : [])];
  });
}
