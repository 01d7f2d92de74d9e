import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';
import { spreadOf } from '../experiment/statistics.js';
import type { Spread } from '../experiment/statistics.js';

/** `control`: workers that know nothing of each other. */
export type Who = 'ours' | 'control';

export type ClusterEvent =
  /** All workers serve, the load comes. */
  | { readonly event: 'begun'; readonly who: Who; readonly at: number }
  /** What readers find under the service's name, whenever that has changed. */
  | {
      readonly event: 'seen';
      readonly who: Who;
      readonly at: number;
      readonly entries: number;
      readonly passing: number;
    }
  | { readonly event: 'rolled'; readonly who: Who; readonly at: number; readonly tookMs: number }
  /** From now on no worker is replaced. */
  | { readonly event: 'leaving'; readonly who: Who; readonly at: number }
  | {
      readonly event: 'over';
      readonly who: Who;
      readonly at: number;
      readonly samples: number;
      readonly requests: number;
      readonly failures: readonly string[];
    };

export interface ClusterFigures {
  readonly restarts: number;
  readonly samples: number;
  readonly requests: number;
  readonly failed: number;
  readonly controlFailed: number;
  /** From the SIGTERM to a worker until another one serves in its place. */
  readonly rollMs: Spread;
}

/** One entry that passes in every look while workers are restarted, no request lost, and nothing left behind by the last. */
export function judgeCluster(
  history: readonly ClusterEvent[],
  { restarts }: { readonly restarts: number },
): Verdict<ClusterFigures> {
  const ours = history.filter(({ who }) => who === 'ours');
  const rolls = ours.filter((event) => event.event === 'rolled');
  const over = ours.find((event) => event.event === 'over');
  const leaving = ours.find(({ event }) => event === 'leaving');
  const control = history.filter(({ who }) => who === 'control');
  const controlOver = control.find((event) => event.event === 'over');
  const serving = whileServing(ours);
  const { samples = 0, requests = 0 } = over ?? {};
  const problems = findUnmeasured({
    looks: { n: samples },
    'entries while workers serve': { n: serving.length },
    requests: { n: requests },
  });
  if (rolls.length < restarts) problems.push(`${rolls.length} of ${restarts} restarts came to an end`);
  for (const { entries, passing, at } of serving) {
    if (entries !== 1 || passing !== 1)
      problems.push(
        `${entries} entries, ${passing} of them passing, ${Math.round(at - (ours[0]?.at ?? at))} ms after the begin`,
      );
  }
  if (over === undefined || leaving === undefined) problems.push('it was not observed to its end');
  const last = ours.findLast((event) => event.event === 'seen');
  if (last?.entries !== 0)
    problems.push(`the last worker has left ${last?.entries ?? 'nobody knows how many'} entries`);
  if (over !== undefined && over.failures.length > 0)
    problems.push(`${over.failures.length} requests failed: ${[...new Set(over.failures)].join(', ')}`);
  if (requests < restarts * 10) problems.push(`${requests} requests are too few to prove anything`);
  if (controlOver === undefined || whileServing(control).every(({ passing }) => passing > 0))
    problems.push('the control was never missing from the list: the experiment proves nothing');
  const figures = {
    restarts: rolls.length,
    samples,
    requests,
    failed: over?.failures.length ?? 0,
    controlFailed: controlOver?.failures.length ?? 0,
    rollMs: spreadOf(rolls.map(({ tookMs }) => tookMs)),
  };
  return { problems, figures };
}

/** What was seen from the begin on, while there were workers all the time. */
function whileServing(events: readonly ClusterEvent[]): Extract<ClusterEvent, { event: 'seen' }>[] {
  const begun = events.findIndex(({ event }) => event === 'begun');
  const leaving = events.findIndex(({ event }) => event === 'leaving');
  const during = events
    .slice(begun + 1, leaving === -1 ? undefined : leaving)
    .filter((event) => event.event === 'seen');
  const before = events.slice(0, Math.max(0, begun)).findLast((event) => event.event === 'seen');
  return before === undefined ? during : [before, ...during];
}
