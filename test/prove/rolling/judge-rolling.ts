import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';
import type { FailureKind } from './load.js';

/** What a part of the experiment is to show: that nothing is lost; that, and at which price in seconds; or that without us something is. */
export type Claim = 'lossless' | 'lossless and prompt' | 'loses' | 'for comparison';

/** What was observed, part by part; `at` on the wall clock. A part begins with its `part` event and ends with `over`. */
export type RollingEvent =
  | {
      readonly event: 'part';
      readonly name: string;
      readonly claim: Claim;
      readonly rolls: number;
      readonly at: number;
    }
  /** An instance was told to end, and has ended. */
  | {
      readonly event: 'restarted';
      readonly roll: number;
      readonly at: number;
      readonly exitedAt: number;
      readonly code: number | null;
      readonly lastRequestAt: number | undefined;
      readonly lastAnswerAt: number | undefined;
      readonly longestSilenceMs: number;
    }
  | {
      readonly event: 'failed';
      readonly at: number;
      readonly path: string;
      readonly connection: 'kept' | 'fresh';
      readonly kind: FailureKind;
      readonly detail: string;
      /** The balancer's word for it; undefined: it never heard of the request. */
      readonly termination: string | undefined;
    }
  | {
      readonly event: 'over';
      readonly requests: number;
      /** Those that the balancer made a second time; undefined: it never does. */
      readonly repeats?: number | undefined;
      readonly at: number;
    };

/**
 * From the last answer or the last request, whichever came later, to the exit: a source has to be silent for 1.2 s at
 * least before it counts as gone.
 */
export const PROMPT_MS = 1_500;

export interface PartFigures {
  readonly rolls: number;
  readonly requests: number;
  readonly failed: number;
  /** Undefined: no balancer repeats a request. */
  readonly repeats: number | undefined;
  /** From SIGTERM to the exit. */
  readonly exitMs: Spread;
  /** From SIGTERM to the last request. */
  readonly strayMs: Spread;
  /** From the last request or answer to the exit. */
  readonly idleMs: Spread;
  /** The longest silence in a drain that was no end. */
  readonly longestSilenceMs: number;
}

export interface RollingFigures {
  readonly parts: Readonly<Record<string, PartFigures>>;
}

/** Judges a whole history. */
export function judgeRolling(history: readonly RollingEvent[]): Verdict<RollingFigures> {
  const problems: string[] = [];
  const parts: Record<string, PartFigures> = {};
  for (const part of partsOf(history)) {
    const figures = figuresOf(part);
    parts[part.name] = figures;
    problems.push(...brokenPromises(part, figures).map((problem) => `${part.name}: ${problem}`));
  }
  if (Object.keys(parts).length === 0) problems.push('nothing was observed');
  return { problems, figures: { parts } };
}

type Of<K extends RollingEvent['event']> = Extract<RollingEvent, { event: K }>;

interface Part {
  readonly name: string;
  readonly claim: Claim;
  readonly wantedRolls: number;
  readonly restarts: Of<'restarted'>[];
  readonly failures: Of<'failed'>[];
  requests: number | undefined;
  repeats: number | undefined;
}

function partsOf(history: readonly RollingEvent[]): Part[] {
  const parts: Part[] = [];
  for (const event of history) {
    if (event.event === 'part')
      parts.push({
        name: event.name,
        claim: event.claim,
        wantedRolls: event.rolls,
        restarts: [],
        failures: [],
        requests: undefined,
        repeats: undefined,
      });
    const part = parts.at(-1);
    if (event.event === 'restarted') part?.restarts.push(event);
    if (event.event === 'failed') part?.failures.push(event);
    if (event.event !== 'over' || part === undefined) continue;
    part.requests = event.requests;
    part.repeats = event.repeats;
  }
  return parts;
}

function figuresOf({ restarts, failures, requests, repeats }: Part): PartFigures {
  return {
    rolls: restarts.length,
    requests: requests ?? 0,
    failed: failures.length,
    repeats,
    exitMs: spreadOf(restarts.map(({ at, exitedAt }) => exitedAt - at)),
    strayMs: spreadOf(restarts.map(({ at, lastRequestAt }) => Math.max(0, (lastRequestAt ?? at) - at))),
    idleMs: spreadOf(
      restarts.map(
        ({ at, exitedAt, lastRequestAt, lastAnswerAt }) =>
          exitedAt - Math.max(at, lastRequestAt ?? at, lastAnswerAt ?? at),
      ),
    ),
    longestSilenceMs: rounded(Math.max(0, ...restarts.map(({ longestSilenceMs }) => longestSilenceMs))),
  };
}

function brokenPromises(
  { claim, wantedRolls, restarts, requests }: Part,
  { rolls, failed, idleMs }: PartFigures,
): string[] {
  const problems: string[] = [];
  if (requests === undefined) problems.push('it was not observed to its end');
  else problems.push(...findUnmeasured({ requests: { n: requests } }));
  if (rolls < wantedRolls) problems.push(`${rolls} of ${wantedRolls} instances were seen to end`);
  if (claim === 'loses' && failed === 0) problems.push('nothing was lost without us: this experiment proves nothing');
  if (claim !== 'lossless' && claim !== 'lossless and prompt') return problems;
  if (failed > 0) problems.push(`${failed} requests failed, promised are 0`);
  if (claim === 'lossless') return problems;
  problems.push(...findUnmeasured({ idleMs }));
  const unclean = restarts.filter(({ code }) => code !== 0).length;
  if (unclean > 0) problems.push(`${unclean} instances did not exit with 0`);
  if (idleMs.p50 > PROMPT_MS)
    problems.push(
      `an instance exited ${idleMs.p50} ms (p50) after its last request or answer, promised are ${PROMPT_MS}`,
    );
  return problems;
}
