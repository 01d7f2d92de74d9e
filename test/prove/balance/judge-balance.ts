import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';
import type { Fault } from './faults.js';

/** Who calls. `control`: in turn, without a second try, as with a list of addresses. */
export type Caller = 'ours' | 'control';

/** A call, as its caller saw it; times in milliseconds since the start of its scenario. */
export interface CallRow {
  readonly caller: Caller;
  /** The fault of its scenario, and how many servers had it. */
  readonly fault: Fault;
  readonly bad: number;
  readonly round: number;
  readonly at: number;
  readonly endedAt: number;
  readonly succeeded: boolean;
  /** The servers it went to, by number; those below `bad` are the bad ones. */
  readonly tried: readonly number[];
}

/**
 * When the fault begins, and when it ends: before the first probe of an ejected server. After a longer fault the server
 * stays out for the rest of a longer ejection, by design.
 */
export const FAULT_FROM_MS = 2_000;
export const HEALED_AT_MS = 5_000;
export const SCENARIO_MS = 18_000;
export const SERVERS = 8;

export const SUCCESS_MIN = 0.999;
export const BAD_SHARE_MAX = 0.02;
export const AMPLIFICATION_MAX = 1.25;
export const RECOVERED_WITHIN_MS = 1_000;
const NOTICED_MS = 1_000;
const FAIR_AFTER_MS = 10_000;
/** Of its fair share, when a healed server counts as back. */
const FAIR = { least: 0.5, most: 1.5 };
/** So many calls in a row succeed once the service has recovered. */
const STEADY = 50;

/** One server is bad. */
export interface OneBad {
  readonly calls: number;
  readonly success: number;
  readonly badShare: number;
  /** Of the healed server ten seconds later, over its fair share. */
  readonly fairShare: number;
}

export interface BalanceFigures {
  readonly oneBad: Readonly<Record<string, OneBad>>;
  readonly amplification: number;
  readonly recoveredMs: Spread;
  readonly controlSuccess: Readonly<Record<string, number>>;
}

export function judgeBalance(rows: readonly CallRow[]): Verdict<BalanceFigures> {
  const of = (caller: Caller, isAllBad: boolean) =>
    rows.filter((row) => row.caller === caller && (row.bad === SERVERS) === isAllBad);
  const faultsOf = (some: readonly CallRow[]) => [...new Set(some.map(({ fault }) => fault))];
  const oneBad = Object.fromEntries(
    faultsOf(of('ours', false)).map((fault) => [fault, oneBadOf(of('ours', false), fault)]),
  );
  const allBad = of('ours', true);
  const during = allBad.filter(({ at }) => at >= FAULT_FROM_MS && at < HEALED_AT_MS);
  const figures = {
    oneBad,
    amplification: rounded(sum(during.map(({ tried }) => tried.length)) / during.length),
    recoveredMs: spreadOf([...new Set(allBad.map(({ round }) => round))].map((round) => recoveryOf(allBad, round))),
    controlSuccess: Object.fromEntries(
      faultsOf(of('control', false)).map((fault) => [
        fault,
        successOf(of('control', false).filter((row) => row.fault === fault)),
      ]),
    ),
  };
  return { problems: problemsOf(figures), figures };
}

function oneBadOf(rows: readonly CallRow[], fault: Fault): OneBad {
  const mine = rows.filter((row) => row.fault === fault);
  const isBadOne = (server: number) => server === 0;
  const share = (from: number, to: number) => {
    const tried = mine.filter(({ at }) => at >= from && at < to).flatMap((row) => row.tried);
    return tried.filter(isBadOne).length / tried.length;
  };
  return {
    calls: mine.length,
    success: successOf(mine),
    badShare: rounded(share(FAULT_FROM_MS + NOTICED_MS, HEALED_AT_MS)),
    fairShare: rounded(share(HEALED_AT_MS + FAIR_AFTER_MS, Infinity) * SERVERS),
  };
}

/** The share of the calls that succeeded, of those that began after the fault did. */
function successOf(rows: readonly CallRow[]): number {
  const judged = rows.filter(({ at }) => at >= FAULT_FROM_MS);
  return judged.filter(({ succeeded }) => succeeded).length / judged.length;
}

/** From the healing until calls succeed steadily. */
function recoveryOf(rows: readonly CallRow[], round: number): number {
  const after = rows.filter((row) => row.round === round && row.at >= HEALED_AT_MS).sort((a, b) => a.at - b.at);
  const from = after.findIndex((_, index) => {
    const next = after.slice(index, index + STEADY);
    return next.length === STEADY && next.every(({ succeeded }) => succeeded);
  });
  return (after[from]?.at ?? Infinity) - HEALED_AT_MS;
}

function problemsOf({ oneBad, amplification, recoveredMs, controlSuccess }: BalanceFigures): string[] {
  const problems = findUnmeasured({ 'the recovery after all were bad': recoveredMs });
  for (const fault of ['blackHole', 'slow', 'instant503']) {
    const found = oneBad[fault];
    if (found === undefined || found.calls === 0) {
      problems.push(`no call was made beside a server with the fault ${fault}`);
      continue;
    }
    const { success, badShare, fairShare } = found;
    if (!(success >= SUCCESS_MIN))
      problems.push(`${fault}: ${success} of the calls succeeded, promised are ${SUCCESS_MIN}`);
    if (!(badShare < BAD_SHARE_MAX))
      problems.push(`${fault}: ${badShare} of the calls went to the bad server after 1 s`);
    if (!(fairShare >= FAIR.least && fairShare <= FAIR.most))
      problems.push(`${fault}: 10 s after it healed the server has ${fairShare} times its fair share`);
  }
  if (!(amplification <= AMPLIFICATION_MAX))
    problems.push(
      `with all servers bad, ${amplification} requests a call were sent, promised are ${AMPLIFICATION_MAX}`,
    );
  if (!(recoveredMs.max <= RECOVERED_WITHIN_MS))
    problems.push(
      `calls succeeded again ${recoveredMs.max} ms after all servers were bad, promised are ${RECOVERED_WITHIN_MS}`,
    );
  if (!Object.values(controlSuccess).some((success) => success < SUCCESS_MIN))
    problems.push('the control does not fail, so the proof shows nothing');
  return problems;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
