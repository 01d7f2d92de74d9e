import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

/** `chain`: Consul as the first of three. */
export const changeReaders = ['consul', 'chain', 'etcd'] as const;
export type ChangeReader = (typeof changeReaders)[number];

export interface ChangePlan {
  readonly reader: ChangeReader;
  /** Of Consul or etcd. */
  readonly url: string;
  /** Of the other members of a chain. */
  readonly redisUrl?: string;
  readonly dir?: string;
  readonly changes: number;
}

/** One change, seen by everybody; milliseconds from the write to the sight. Raw is a blocking query, or a watch of etcd. */
export interface ChangeRow {
  readonly kind: 'change';
  readonly reader: ChangeReader;
  readonly ours: number;
  readonly raw: number;
  readonly rawAgain: number;
}

export interface ManyPlan {
  readonly url: string;
  readonly services: number;
  /** Of each kind. */
  readonly changes: number;
  readonly seed: number;
}

/** `status`: an instance becomes critical or passing; `newcomer`: one more instance, which passes; milliseconds. */
export interface ManyRow {
  readonly kind: 'status' | 'newcomer';
  readonly ms: number;
}

export interface ManyUse {
  readonly kind: 'use';
  /** The most connections to the agent at any time. */
  readonly sockets: number;
  /** CPU of the process, of one core: while nothing changes, and with one change of a status a second. */
  readonly idleShare: number;
  readonly busyShare: number;
}

/** `idle`: reads nothing; `whole`: a blocking query whose answers are parsed whole on the main thread. */
export type LargeReader = 'idle' | 'ours' | 'whole';

export interface LargePlan {
  readonly url: string;
  readonly service: string;
  readonly reader: LargeReader;
  readonly windowMs: number;
}

export interface LargeRow {
  readonly kind: 'delay';
  readonly pair: number;
  /** The loop delay after the first load, p99.9, ms. */
  readonly p999: Readonly<Record<LargeReader, number>>;
  /** How many answers with news there were. */
  readonly answers: Readonly<Record<LargeReader, number>>;
}

export interface SizePlan {
  readonly url: string;
  readonly service: string;
}

export interface SizeRow {
  readonly kind: 'size';
  readonly instances: number;
  /** Of the main thread, beyond that of a resolver of one instance. */
  readonly heapBytes: number;
}

export type ResolveEvent = ChangeRow | ManyRow | ManyUse | LargeRow | SizeRow;

export const bounds = {
  overRawMs: { p50: 2, p99: 10 },
  statusMs: 150,
  newcomerMs: 1_500,
  sockets: 8,
  overIdleMs: 10,
  bytesAnInstance: 1_000,
} as const;

export interface ResolveFigures {
  /** In each pair: ours less a raw reader. */
  readonly overRawMs: Readonly<Record<ChangeReader, Spread>>;
  /** The same of a second raw one: what of the above is noise. */
  readonly noiseMs: Readonly<Record<ChangeReader, Spread>>;
  readonly statusMs: Spread;
  readonly newcomerMs: Spread;
  readonly sockets: number | undefined;
  readonly idleShare: number | undefined;
  readonly busyShare: number | undefined;
  /** In each pair: the loop delay less that of a process that reads nothing. */
  readonly overIdleMs: Spread;
  /** The same of the failing control. */
  readonly wholeOverIdleMs: Spread;
  readonly bytesAnInstance: Spread;
}

export function judgeResolve(events: readonly ResolveEvent[]): Verdict<ResolveFigures> {
  const of = <Kind extends ResolveEvent['kind']>(kind: Kind) =>
    events.filter((event): event is Extract<ResolveEvent, { kind: Kind }> => event.kind === kind);
  const [use] = of('use');
  const eachReader = (late: (row: ChangeRow) => number) => {
    const spread = (reader: ChangeReader) =>
      spreadOf(
        of('change')
          .filter((row) => row.reader === reader)
          .map(late),
      );
    return { consul: spread('consul'), chain: spread('chain'), etcd: spread('etcd') };
  };
  const figures: ResolveFigures = {
    overRawMs: eachReader(({ ours, raw }) => ours - raw),
    noiseMs: eachReader(({ rawAgain, raw }) => rawAgain - raw),
    statusMs: spreadOf(events.flatMap((event) => (event.kind === 'status' ? event.ms : []))),
    newcomerMs: spreadOf(events.flatMap((event) => (event.kind === 'newcomer' ? event.ms : []))),
    sockets: use?.sockets,
    idleShare: use?.idleShare,
    busyShare: use?.busyShare,
    overIdleMs: spreadOf(of('delay').map(({ p999 }) => p999.ours - p999.idle)),
    wholeOverIdleMs: spreadOf(of('delay').map(({ p999 }) => p999.whole - p999.idle)),
    bytesAnInstance: spreadOf(of('size').map(({ heapBytes, instances }) => heapBytes / instances)),
  };
  const { overRawMs, statusMs, newcomerMs, sockets, overIdleMs, wholeOverIdleMs, bytesAnInstance } = figures;
  const problems = findUnmeasured({
    ...Object.fromEntries(changeReaders.map((reader) => [`overRawMs of ${reader}`, overRawMs[reader]])),
    statusMs,
    newcomerMs,
    sockets,
    overIdleMs,
    wholeOverIdleMs,
    bytesAnInstance,
  });
  const check = (what: string, found: number | undefined, most: number) => {
    if (found !== undefined && found > most) problems.push(`${what}: ${String(found)}, promised are ${String(most)}`);
  };
  for (const reader of changeReaders) {
    check(`${reader}: seen later than by a raw reader, ms at the median`, overRawMs[reader].p50, bounds.overRawMs.p50);
    check(`${reader}: seen later than by a raw reader, ms at p99`, overRawMs[reader].p99, bounds.overRawMs.p99);
  }
  check('a status of one service of many seen, ms at p99', statusMs.p99, bounds.statusMs);
  check('a new instance of one service of many seen, ms at p99', newcomerMs.p99, bounds.newcomerMs);
  check('connections', sockets, bounds.sockets);
  check('loop delay p99.9 over an idle process, ms at the median', overIdleMs.p50, bounds.overIdleMs);
  check('bytes an instance at the median', bytesAnInstance.p50, bounds.bytesAnInstance);
  if (wholeOverIdleMs.p50 <= bounds.overIdleMs)
    problems.push('a whole parse on the main thread keeps the bound too, so this run could not tell');
  if (of('delay').some(({ answers }) => answers.ours === 0))
    problems.push('no news in a window of ours, so its loop delay says nothing');
  return { problems, figures };
}
