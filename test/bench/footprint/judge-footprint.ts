import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

export type Start = 'bare' | 'bareAgain' | 'imported' | 'constructed';

/** One start of each kind, in a fresh order; milliseconds from spawn to exit. */
export interface StartRow {
  readonly kind: 'start';
  readonly pair: number;
  readonly order: readonly Start[];
  readonly ms: Record<Start, number>;
}

export interface MemoryPlan {
  readonly url: string;
  /** Registrars between the first and those that are counted: V8's young generation grows once a process, by up to 32 MB, with the first burst of work. */
  readonly warm: number;
  readonly further: number;
}

/** Bytes after garbage collections. */
export interface MemoryReading {
  readonly rss: number;
  /** The part of it that is this process's alone: without the pages of Node's own program and libraries. */
  readonly privateRss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** One process that runs an HTTP server, as every host does: after the import alone, with one idle Registrar, with the further ones. */
export interface MemoryRow {
  readonly warm: number;
  readonly further: number;
  readonly imported: MemoryReading;
  readonly one: MemoryReading;
  readonly warmed: MemoryReading;
  readonly all: MemoryReading;
}

/** How many of each there are. */
export interface Leftovers {
  readonly timers: number;
  readonly sockets: number;
  readonly processListeners: number;
  /** Methods: put on the host's server object in front of its own. */
  readonly serverListenersAndMethods: number;
}

export type LeftoversPlan = Pick<MemoryPlan, 'url' | 'further'>;

/** One process, before, with and after its Registrars. */
export interface LeftoversRow {
  readonly before: Leftovers;
  readonly during: Leftovers;
  readonly after: Leftovers;
}

export type FootprintEvent =
  StartRow | ({ readonly kind: 'memory' } & MemoryRow) | ({ readonly kind: 'leftovers' } & LeftoversRow);

/** The import is judged by its share of a bare start in the same pair: both get slower with the machine. */
export const bounds = { importShare: 0.25, firstMb: 8, furtherKb: 100 } as const;

export interface FootprintFigures {
  /** What the import adds to a bare start, over that start. */
  readonly importShare: Spread;
  /** The same with the first Registrar, whose parts are loaded when it is constructed: for the record. */
  readonly constructedShare: Spread;
  /** What another bare start adds to it: what of the above is noise. */
  readonly noiseShare: Spread;
  readonly importMs: Spread;
  readonly bareMs: Spread;
  readonly firstMb: Spread;
  /** Without the pages of Node's own program that were touched for the first time: for the record. */
  readonly firstPrivateMb: Spread;
  readonly furtherKb: Spread;
  /** Of those before them, the growth of the young generation included: for the record. */
  readonly warmingKb: Spread;
  readonly furtherHeapKb: Spread;
  /** Summed up over all processes. */
  readonly taken: Leftovers;
  readonly leftBehind: Leftovers;
}

export function judgeFootprint(history: readonly FootprintEvent[]): Verdict<FootprintFigures> {
  const starts = history.filter((event) => event.kind === 'start');
  const memories = history.filter((event) => event.kind === 'memory');
  const leftovers = history.filter((event) => event.kind === 'leftovers');
  const first = (what: 'rss' | 'privateRss') =>
    spreadOf(memories.map(({ imported, one }) => (one[what] - imported[what]) / 1024 / 1024));
  const further = (what: 'rss' | 'heapUsed') =>
    spreadOf(memories.map((row) => (row.all[what] - row.warmed[what]) / 1024 / row.further));
  const figures = {
    importShare: spreadOf(starts.map(({ ms }) => (ms.imported - ms.bare) / ms.bare)),
    constructedShare: spreadOf(starts.map(({ ms }) => (ms.constructed - ms.bare) / ms.bare)),
    noiseShare: spreadOf(starts.map(({ ms }) => (ms.bareAgain - ms.bare) / ms.bare)),
    importMs: spreadOf(starts.map(({ ms }) => ms.imported - ms.bare)),
    bareMs: spreadOf(starts.map(({ ms }) => ms.bare)),
    firstMb: first('rss'),
    firstPrivateMb: first('privateRss'),
    furtherKb: further('rss'),
    warmingKb: spreadOf(memories.map((row) => (row.warmed.rss - row.one.rss) / 1024 / row.warm)),
    furtherHeapKb: further('heapUsed'),
    taken: total(leftovers, 'during'),
    leftBehind: total(leftovers, 'after'),
  };
  const { importShare, firstMb, furtherKb } = figures;
  const problems = findUnmeasured({ importShare, firstMb, furtherKb });
  const atMost = (what: string, value: number, limit: number) => {
    if (value > limit) problems.push(`${what} is ${rounded(value)} at the median, promised are ${limit}`);
  };
  atMost('the import, as a share of a bare start,', importShare.p50, bounds.importShare);
  atMost('the first Registrar, MB resident,', firstMb.p50, bounds.firstMb);
  atMost('a further Registrar, kB resident,', furtherKb.p50, bounds.furtherKb);
  for (const what of kinds) {
    if (figures.leftBehind[what] !== 0) problems.push(`stop() left ${figures.leftBehind[what]} ${what} behind`);
    if (!(figures.taken[what] > 0))
      problems.push(`the Registrars were never seen to have any ${what}: this look proves nothing`);
  }
  return { problems, figures };
}

const kinds = [
  'timers',
  'sockets',
  'processListeners',
  'serverListenersAndMethods',
] as const satisfies (keyof Leftovers)[];

function total(rows: readonly LeftoversRow[], when: 'during' | 'after'): Leftovers {
  const sum = (what: keyof Leftovers) => rows.reduce((so, row) => so + row[when][what] - row.before[what], 0);
  return {
    timers: sum('timers'),
    sockets: sum('sockets'),
    processListeners: sum('processListeners'),
    serverListenersAndMethods: sum('serverListenersAndMethods'),
  };
}
