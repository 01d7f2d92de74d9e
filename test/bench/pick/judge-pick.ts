import type { Verdict } from '../../prove/experiment/experiment.js';
import { findUnmeasured } from '../../prove/experiment/find-unmeasured.js';
import { spreadOf } from '../../prove/experiment/statistics.js';
import type { Spread } from '../../prove/experiment/statistics.js';

export interface PickPlan {
  readonly rounds: number;
  readonly seed: number;
  /** Of each contestant in a round. */
  readonly picks: number;
  readonly instances: number;
  readonly inFlight: number;
}

/** `grpc`: the round-robin picker of grpc-js; `clock`: two clock reads, which a latency needs. */
export type PickContestant = 'roundRobin' | 'random' | 'p2c' | 'grpc' | 'grpcAgain' | 'clock';

/** Nanoseconds of a pick, and of a pick with its `done`. */
export interface Cost {
  readonly pick: number;
  readonly whole: number;
}

/** One round of all. */
export interface PickRow {
  readonly nanoseconds: Readonly<Record<PickContestant, Cost>>;
  readonly bytes: Readonly<Record<'roundRobin' | 'random' | 'p2c', number>>;
}

export const ROUND_ROBIN_MAX = 2;
export const P2C_MAX = 2.5;
export const BYTES_MAX = 128;

export interface PickFigures {
  readonly roundRobinOverGrpc: Spread;
  /** What of the above is noise. */
  readonly grpcOverGrpc: Spread;
  readonly p2cOverTwoClockReads: Spread;
  /** A pick with its `done`. */
  readonly nanoseconds: Readonly<Record<PickContestant, Spread>>;
  readonly bytes: Readonly<Record<keyof PickRow['bytes'], Spread>>;
}

export function judgePick(rows: readonly PickRow[]): Verdict<PickFigures> {
  const ratio = (what: keyof Cost, one: PickContestant, other: PickContestant) =>
    spreadOf(rows.map(({ nanoseconds }) => nanoseconds[one][what] / nanoseconds[other][what]));
  const ns = (who: PickContestant) => spreadOf(rows.map(({ nanoseconds }) => nanoseconds[who].whole));
  const size = (who: keyof PickRow['bytes']) => spreadOf(rows.map(({ bytes }) => bytes[who]));
  const figures = {
    roundRobinOverGrpc: ratio('pick', 'roundRobin', 'grpc'),
    grpcOverGrpc: ratio('pick', 'grpcAgain', 'grpc'),
    p2cOverTwoClockReads: ratio('whole', 'p2c', 'clock'),
    nanoseconds: {
      roundRobin: ns('roundRobin'),
      random: ns('random'),
      p2c: ns('p2c'),
      grpc: ns('grpc'),
      grpcAgain: ns('grpcAgain'),
      clock: ns('clock'),
    },
    bytes: { roundRobin: size('roundRobin'), random: size('random'), p2c: size('p2c') },
  };
  const bars: readonly (readonly [string, Spread, number])[] = [
    ['round robin over the picker of grpc-js', figures.roundRobinOverGrpc, ROUND_ROBIN_MAX],
    ['the less loaded of two over two clock reads', figures.p2cOverTwoClockReads, P2C_MAX],
    ...Object.entries(figures.bytes).map(([who, bytes]) => [`bytes of a pick by ${who}`, bytes, BYTES_MAX] as const),
  ];
  const problems = findUnmeasured(Object.fromEntries(bars.map(([name, spread]) => [name, spread])));
  for (const [name, { p50 }, most] of bars) {
    if (p50 > most) problems.push(`${name}: ${p50} at the median, promised are ${most}`);
  }
  return { problems, figures };
}
