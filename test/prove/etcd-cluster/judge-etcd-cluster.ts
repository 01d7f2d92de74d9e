import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { quantile, rounded } from '../experiment/statistics.js';

export type Watched = 'ours' | 'control';

/** What was observed, cycle by cycle. */
export type ClusterEvent =
  /** A member was killed, and started again so long after that. */
  | {
      readonly event: 'outage';
      readonly cycle: number;
      readonly member: number;
      readonly leader: boolean;
      readonly downMs: number;
    }
  /** All reads of one of the two in one cycle. `refused`: no answer within the reader's patience, or none but an error. */
  | {
      readonly event: 'reads';
      readonly cycle: number;
      readonly who: Watched;
      readonly listed: number;
      readonly absent: number;
      readonly doubled: number;
      readonly refused: number;
    }
  /** What the service told of itself, and what its stop left. */
  | { readonly event: 'over'; readonly lost: number; readonly keysLeft: number };

export const bounds = { listedShare: 0.9999, reads: 100_000 } as const;

export interface ClusterPlan {
  readonly ttlMs: number;
  readonly cycles: number;
  /** Of which the claim is made. */
  readonly fullCycles: number;
}

export interface ClusterFigures {
  readonly cycles: number;
  readonly leadersKilled: number;
  readonly answered: number;
  readonly refused: number;
  readonly absent: number;
  readonly doubled: number;
  /** Percent of the answered reads. */
  readonly listedPercent: number;
  readonly controlListedPercent: number;
  readonly shortestOutageMs: number;
  readonly timesLost: number;
}

/** Judges a whole history: every read that was answered counts. A control that never renews has to fail where ours must not. */
export function judgeEtcdCluster(
  history: readonly ClusterEvent[],
  { ttlMs, cycles, fullCycles }: ClusterPlan,
): Verdict<ClusterFigures> {
  const outages = history.filter((event) => event.event === 'outage');
  const over = history.find((event) => event.event === 'over');
  const ours = sum(history, 'ours');
  const control = sum(history, 'control');
  const wantedReads = Math.floor((bounds.reads * cycles) / fullCycles);
  const shortestOutageMs = quantile(
    outages.map(({ downMs }) => downMs),
    0,
  );
  const leadersKilled = outages.filter(({ leader }) => leader).length;
  const problems = findUnmeasured({
    shortestOutageMs,
    'the share of reads that list it': share(ours),
    'the share of reads that list the control': share(control),
  });
  if (outages.length < cycles) problems.push(`${outages.length} outages instead of ${cycles}`);
  if (shortestOutageMs <= ttlMs) {
    const outage = `an outage of ${rounded(shortestOutageMs)} ms`;
    problems.push(`${outage} is no longer than the TTL of ${ttlMs} ms: this experiment proves nothing`);
  }
  if (cycles >= 3 && leadersKilled === 0) problems.push('the leader was never killed: this experiment proves nothing');
  if (cycles >= 4 && new Set(outages.map(({ member }) => member)).size < 3)
    problems.push('not every member was killed: this experiment proves nothing');
  if (ours.answered < wantedReads) problems.push(`${ours.answered} reads were answered, not ${wantedReads}`);
  if (share(ours) < bounds.listedShare) {
    const listed = `listed in ${percent(ours)} % of ${ours.answered} answered reads`;
    problems.push(`${listed}, promised are ${bounds.listedShare * 100} %`);
  }
  if (ours.doubled > 0) problems.push(`${ours.doubled} reads saw two entries`);
  if (!(control.listed > 0 && share(control) < bounds.listedShare))
    problems.push(
      `the control, which never renews, was listed in ${percent(control)} % of its reads: this experiment proves nothing`,
    );
  if (over === undefined) problems.push('it was not observed to its end');
  else if (over.keysLeft > 0) problems.push(`${over.keysLeft} keys were left after the stop`);
  const figures = {
    cycles: outages.length,
    leadersKilled,
    answered: ours.answered,
    refused: ours.refused,
    absent: ours.absent,
    doubled: ours.doubled,
    listedPercent: percent(ours),
    controlListedPercent: percent(control),
    shortestOutageMs: rounded(shortestOutageMs),
    timesLost: over?.lost ?? NaN,
  };
  return { problems, figures };
}

interface Sum {
  readonly answered: number;
  readonly listed: number;
  readonly absent: number;
  readonly doubled: number;
  readonly refused: number;
}

function sum(history: readonly ClusterEvent[], who: Watched): Sum {
  const total = { answered: 0, listed: 0, absent: 0, doubled: 0, refused: 0 };
  for (const event of history) {
    if (event.event !== 'reads' || event.who !== who) continue;
    for (const what of ['listed', 'absent', 'doubled', 'refused'] as const) total[what] += event[what];
  }
  // Two entries are one too many, but nobody was missing.
  return { ...total, answered: total.listed + total.absent + total.doubled };
}

function share({ listed, doubled, answered }: Sum): number {
  return (listed + doubled) / answered;
}

/** Cut, not rounded: 99.99 must not be made of less. */
function percent(total: Sum): number {
  return Math.floor(share(total) * 1e6) / 1e4;
}
