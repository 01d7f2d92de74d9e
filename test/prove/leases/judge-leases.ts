import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { rounded, spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** What was measured, round by round; undefined: it did not happen while it was watched. */
export type LeaseEvent =
  /** The registry came back empty: from its first answer until it is listed. `controlBack`: whether one that wrote itself once came back as well. */
  | {
      readonly event: 'emptied';
      readonly round: number;
      readonly backMs: number | undefined;
      readonly controlBack: boolean;
    }
  /** Its entry was removed by another: until it is listed. */
  | { readonly event: 'removed'; readonly round: number; readonly backMs: number | undefined }
  /** SIGKILL: until it is out, and how many entries its next start leads to. `controlOut`: whether an entry without a lease went, too. */
  | {
      readonly event: 'killed';
      readonly round: number;
      readonly outMs: number | undefined;
      readonly entries: number;
      readonly controlOut: boolean;
    }
  /** Instances were restarted one after another under load. */
  | {
      readonly event: 'rolled';
      readonly who: 'ours' | 'control';
      readonly restarts: number;
      readonly requests: number;
      readonly failed: number;
    };

export interface LeaseBounds {
  readonly ttlMs: number;
  /** What the registry may add to a lease, as its own documentation and our pages have it. */
  readonly slackMs: number;
}

export interface LeaseFigures {
  readonly emptiedBackMs: Spread;
  readonly removedBackMs: Spread;
  readonly outMs: Spread;
  readonly requests: number;
  readonly failed: number;
  readonly controlFailed: number;
}

/** Judges a whole history. Two heartbeats may pass before a loss is noticed and mended, which is less than a TTL. */
export function judgeLeases(history: readonly LeaseEvent[], { ttlMs, slackMs }: LeaseBounds): Verdict<LeaseFigures> {
  const problems: string[] = [];
  const emptied = history.filter((event) => event.event === 'emptied');
  const removed = history.filter((event) => event.event === 'removed');
  const killed = history.filter((event) => event.event === 'killed');
  const rolled = (who: 'ours' | 'control') =>
    history.find((event) => event.event === 'rolled' && event.who === who) as
      Extract<LeaseEvent, { event: 'rolled' }> | undefined;
  for (const { event, round, backMs } of [...emptied, ...removed])
    if (backMs === undefined || backMs > ttlMs)
      problems.push(`${event} ${round}: ${took('listed again', backMs)}, promised are ${ttlMs} ms`);
  for (const { round, outMs, entries } of killed) {
    if (outMs === undefined || outMs > ttlMs + slackMs)
      problems.push(`killed ${round}: ${took('out', outMs)}, promised are ${ttlMs + slackMs} ms`);
    if (entries !== 1) problems.push(`killed ${round}: its next start led to ${entries} entries`);
  }
  const ours = rolled('ours');
  const control = rolled('control');
  if (ours === undefined || ours.requests === 0) problems.push('nothing was asked while instances were restarted');
  else if (ours.failed > 0) problems.push(`${ours.failed} of ${ours.requests} requests failed in rolling restarts`);
  if (control === undefined || control.failed === 0)
    problems.push('the control, which exits at once, lost no request: this experiment proves nothing');
  if (emptied.some(({ controlBack }) => controlBack) || killed.some(({ controlOut }) => controlOut))
    problems.push('the control, which has no lease and writes once, did as well: this experiment proves nothing');
  const measured = {
    emptiedBackMs: spreadOf(emptied.flatMap(({ backMs }) => backMs ?? [])),
    removedBackMs: spreadOf(removed.flatMap(({ backMs }) => backMs ?? [])),
    outMs: spreadOf(killed.flatMap(({ outMs }) => outMs ?? [])),
  };
  problems.push(...findUnmeasured(measured));
  const figures = {
    ...measured,
    requests: ours?.requests ?? 0,
    failed: ours?.failed ?? 0,
    controlFailed: control?.failed ?? 0,
  };
  return { problems, figures };
}

function took(what: string, ms: number | undefined): string {
  return ms === undefined ? `never ${what} while it was watched` : `${what} after ${rounded(ms)} ms`;
}
