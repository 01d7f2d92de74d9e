import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

/**
 * `bare`: a host without us. `off`: one that is registered and leaves its entry to the TTL. `blind`: one that leaves
 * without a look. `dialogue`: one that reads its entry first. The others are the same once more: what differs is noise.
 */
export type Contestant = 'bare' | 'bareAgain' | 'off' | 'offAgain' | 'blind' | 'dialogue';

export interface ExitWorkloadPlan {
  readonly url: string;
  readonly name: string;
  readonly contestant: Contestant;
}

/** What a host says of itself just before it exits. */
export interface ExitRow {
  /** On the system's monotonic clock, which all processes share. */
  readonly exitsAtNs: string;
  readonly residentBytes: number;
}

/** One host of each kind, in a fresh order. */
export interface ExitEvent {
  readonly pair: number;
  readonly order: readonly Contestant[];
  /** From the call of `process.exit()` until the parent knows of the exit. */
  readonly ms: Record<Contestant, number>;
  readonly residentBytes: Record<Contestant, number>;
  /** Entries that were there when the parent knew of the exit. */
  readonly left: Record<Contestant, number>;
}

export const bounds = { blindMs: 10, dialogueMs: 15 } as const;

export interface ExitFigures {
  /** Leaving without a look, over a bare exit in the same pair. */
  readonly blindMs: Spread;
  readonly dialogueMs: Spread;
  /** Another bare exit over a bare exit: what of the above is noise. */
  readonly noiseMs: Spread;
  /** A registered host that does not leave, over a bare exit: for the record. */
  readonly offMs: Spread;
  readonly bareMs: Spread;
  /** Resident, over a registered host that does not leave at its exit. */
  readonly memoryKb: Spread;
  /** Another one of those over it: what of the above is noise. */
  readonly memoryNoiseKb: Spread;
  /** Entries that hosts left behind that should have removed them, and those of hosts that leave them to the TTL. */
  readonly leftBehind: number;
  readonly leftToTtl: number;
}

export function judgeExit(rows: readonly ExitEvent[]): Verdict<ExitFigures> {
  const over = (who: Contestant, base: Contestant) => spreadOf(rows.map(({ ms }) => ms[who] - ms[base]));
  const memory = (who: Contestant) => rows.map(({ residentBytes }) => (residentBytes[who] - residentBytes.off) / 1024);
  const count = (...kinds: Contestant[]) =>
    rows.reduce((sum, { left }) => sum + kinds.reduce((so, kind) => so + left[kind], 0), 0);
  const figures = {
    blindMs: over('blind', 'bare'),
    dialogueMs: over('dialogue', 'bare'),
    noiseMs: over('bareAgain', 'bare'),
    offMs: over('off', 'bare'),
    bareMs: spreadOf(rows.map(({ ms }) => ms.bare)),
    memoryKb: spreadOf(memory('blind')),
    memoryNoiseKb: spreadOf(memory('offAgain').map(Math.abs)),
    leftBehind: count('blind', 'dialogue'),
    leftToTtl: count('off', 'offAgain'),
  };
  const { blindMs, dialogueMs, memoryKb, memoryNoiseKb, leftBehind, leftToTtl } = figures;
  const problems = findUnmeasured({ blindMs, dialogueMs, memoryKb, memoryNoiseKb });
  const atMost = (what: string, value: number, limit: number) => {
    if (value > limit) problems.push(`${what} is ${rounded(value)} at the median, promised are ${limit}`);
  };
  atMost('leaving without a look, ms over a bare exit,', blindMs.p50, bounds.blindMs);
  atMost('leaving after a look, ms over a bare exit,', dialogueMs.p50, bounds.dialogueMs);
  if (memoryKb.p50 > memoryNoiseKb.p90)
    problems.push(`it takes ${memoryKb.p50} kB at the median, more than noise, which is up to ${memoryNoiseKb.p90}`);
  if (leftBehind > 0) problems.push(`${leftBehind} entries were there after the process was gone`);
  if (leftToTtl < 2 * rows.length) problems.push('hosts that do not leave had no entry: this look proves nothing');
  return { problems, figures };
}
