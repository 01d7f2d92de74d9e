import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded } from '../experiment/statistics.js';
import type { LookupFigures } from './lookups.js';
import type { OutageKind, OutageScenario } from './options.js';

/** One outage of one registry. */
export interface OutageEvent extends LookupFigures {
  readonly registry: OutageKind;
  readonly scenario: OutageScenario;
  readonly tookMs: number;
  /** From the end of the outage until the reader has the truth. */
  readonly healedMs?: number;
  readonly allowedMs?: number;
  /** After the burst. */
  readonly requestsPerSecond?: number;
  /** How long a doubt that was never confirmed has held. */
  readonly heldMs?: number;
  /** Doubts of a truth. */
  readonly doubts?: number;
}

export interface OutageFigures {
  readonly outages: number;
  readonly lookups: number;
  readonly errors: number;
  readonly controlErrors: number;
  readonly dishonest: number;
  readonly worstHealedMs: number;
  readonly worstHalfOpenMs: number;
  readonly mostRequestsPerSecond: number;
  readonly longestDoubtMs: number;
}

const LEAST_LOOKUPS_PER_SECOND = 1_000;
/** One a second, and the edges of the time in which they are counted. */
const MOST_REQUESTS_PER_SECOND = 1.1;
/** A registry is believed once it has been sound for 10 s. */
const DOUBT_MS = { least: 9_500, most: 12_000 };
/** What a client without levels and doubt does not survive. */
const controlled: readonly OutageScenario[] = ['dark', 'empty'];

/** Judges a whole history, of which `expected` is what was to be measured. */
export function judgeOutage(
  history: readonly OutageEvent[],
  expected: readonly Pick<OutageEvent, 'registry' | 'scenario'>[],
): Verdict<OutageFigures> {
  const problems = history.flatMap(problemsOf);
  const lookupsOf = (registry: OutageKind, scenario: OutageScenario) =>
    history.find((event) => event.registry === registry && event.scenario === scenario)?.lookups;
  problems.push(
    ...findUnmeasured(
      Object.fromEntries(
        expected.map(({ registry, scenario }) => [`${scenario} of ${registry}`, lookupsOf(registry, scenario)]),
      ),
    ),
  );
  if (expected.length === 0) problems.push('nothing was to be measured');
  const sum = (figure: (event: OutageEvent) => number) => history.reduce((total, event) => total + figure(event), 0);
  const most = (figure: (event: OutageEvent) => number | undefined) =>
    rounded(Math.max(0, ...history.map((event) => figure(event) ?? 0)));
  return {
    problems,
    figures: {
      outages: history.length,
      lookups: sum(({ lookups }) => lookups),
      errors: sum(({ errors }) => errors),
      controlErrors: sum(({ controlErrors = 0 }) => controlErrors),
      dishonest: sum(({ dishonest }) => dishonest),
      worstHealedMs: most(({ scenario, healedMs }) => (scenario === 'half-open' ? 0 : healedMs)),
      worstHalfOpenMs: most(({ scenario, healedMs }) => (scenario === 'half-open' ? healedMs : 0)),
      mostRequestsPerSecond: most(({ requestsPerSecond }) => requestsPerSecond),
      longestDoubtMs: most(({ heldMs }) => heldMs),
    },
  };
}

function problemsOf(event: OutageEvent): string[] {
  const { registry, scenario, lookups, errors, dishonest, controlErrors, tookMs } = event;
  const { healedMs, allowedMs, requestsPerSecond, heldMs, doubts = 0 } = event;
  const what = `${scenario} of ${registry}`;
  const problems: string[] = [];
  if (!(lookups / (tookMs / 1_000) >= LEAST_LOOKUPS_PER_SECOND))
    problems.push(`${what}: only ${lookups} lookups in ${Math.round(tookMs)} ms`);
  if (errors > 0) problems.push(`${what}: ${errors} of ${lookups} lookups gave too few instances`);
  if (dishonest > 0) problems.push(`${what}: ${dishonest} of ${lookups} lookups gave a wrong age`);
  if (healedMs === undefined && heldMs === undefined) problems.push(`${what}: its end was not measured`);
  if (healedMs !== undefined && !(healedMs <= (allowedMs ?? NaN)))
    problems.push(`${what}: the truth after ${Math.round(healedMs)} ms, ${String(allowedMs)} are allowed`);
  if (requestsPerSecond !== undefined && !(requestsPerSecond <= MOST_REQUESTS_PER_SECOND))
    problems.push(`${what}: ${rounded(requestsPerSecond)} requests a second`);
  if (heldMs !== undefined && !(heldMs >= DOUBT_MS.least && heldMs <= DOUBT_MS.most))
    problems.push(`${what}: the doubt held for ${Math.round(heldMs)} ms`);
  if (doubts > 0) problems.push(`${what}: ${doubts} doubts of what was true`);
  if (registry === 'consul' && controlled.includes(scenario) && !((controlErrors ?? 0) > 0))
    problems.push(`${what}: the control had no error, so this proves nothing`);
  return problems;
}
