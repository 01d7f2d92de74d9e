import type { Verdict } from '../../prove/experiment/experiment.js';
import { rounded, spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

export type Start = 'bare' | 'bareAgain' | 'imported';

/** One start of each kind, in a fresh order; milliseconds from spawn to exit. */
export interface StartRow {
  readonly kind: 'start';
  readonly pair: number;
  readonly order: readonly Start[];
  readonly ms: Record<Start, number>;
}

export interface MemoryPlan {
  readonly url: string;
  readonly further: number;
}

/** Bytes after garbage collections. */
export interface MemoryReading {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** How many of each there are. */
export interface Leftovers {
  readonly resources: Readonly<Record<string, number>>;
  readonly listeners: Readonly<Record<string, number>>;
  readonly onServers: Readonly<Record<string, number>>;
}

/** One process: after the import alone, with one idle Registrar, with `further` ones; before, with and after all of them. */
export interface MemoryRow {
  readonly bare: MemoryReading;
  readonly one: MemoryReading;
  readonly all: MemoryReading;
  readonly further: number;
  readonly connections: number;
  readonly before: Leftovers;
  readonly during: Leftovers;
  readonly after: Leftovers;
}

export type FootprintEvent = StartRow | ({ readonly kind: 'memory' } & MemoryRow);

export const bounds = { importMs: 25, firstMb: 8, furtherKb: 100 } as const;

export interface FootprintFigures {
  readonly importMs: Spread;
  /** One bare start minus another: what of the above is noise. */
  readonly noiseMs: Spread;
  readonly firstMb: Spread;
  readonly furtherKb: Spread;
  readonly furtherHeapKb: Spread;
  readonly connections: Spread;
}

export function judgeFootprint(history: readonly FootprintEvent[]): Verdict<FootprintFigures> {
  const starts = history.filter((event) => event.kind === 'start');
  const memories = history.filter((event) => event.kind === 'memory');
  const figures = {
    importMs: spreadOf(starts.map(({ ms }) => ms.imported - ms.bare)),
    noiseMs: spreadOf(starts.map(({ ms }) => ms.bareAgain - ms.bare)),
    firstMb: spreadOf(memories.map(({ bare, one }) => (one.rss - bare.rss) / 1024 / 1024)),
    furtherKb: spreadOf(memories.map(({ one, all, further }) => (all.rss - one.rss) / 1024 / further)),
    furtherHeapKb: spreadOf(memories.map(({ one, all, further }) => (all.heapUsed - one.heapUsed) / 1024 / further)),
    connections: spreadOf(memories.map(({ connections }) => connections)),
  };
  const problems: string[] = [];
  const atMost = (what: string, value: number, limit: number) => {
    if (!(value <= limit)) problems.push(`${what} is ${rounded(value)} at the median, promised are ${limit}`);
  };
  atMost('the import over a bare start, ms,', figures.importMs.p50, bounds.importMs);
  atMost('the first Registrar, MB resident,', figures.firstMb.p50, bounds.firstMb);
  atMost('a further Registrar, kB resident,', figures.furtherKb.p50, bounds.furtherKb);
  for (const memory of memories) problems.push(...leftBehind(memory));
  return { problems, figures };
}

/** What stop() did not take back; and a look that saw nothing while all ran has seen nothing afterwards either. */
function leftBehind({ before, during, after }: MemoryRow): string[] {
  const problems: string[] = [];
  for (const place of ['resources', 'listeners', 'onServers'] as const) {
    const grown = (later: Leftovers) => Object.entries(later[place]).filter(([kind, count]) => count > (before[place][kind] ?? 0));
    for (const [kind, count] of grown(after)) problems.push(`after stop() there are ${count} ${kind} in ${place}, before there were ${before[place][kind] ?? 0}`);
    if (grown(during).length === 0) problems.push(`the Registrars had nothing in ${place}: this look proves nothing`);
  }
  return problems;
}
