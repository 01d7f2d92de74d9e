import { describe, expect, it } from 'vitest';
import { judgeCluster } from '../../prove/cluster/judge-cluster.js';
import type { ClusterEvent, Who } from '../../prove/cluster/judge-cluster.js';

const seen = (at: number, entries: number, passing: number, who: Who = 'ours'): ClusterEvent => ({
  event: 'seen',
  who,
  at,
  entries,
  passing,
});
const moment = (event: 'begun' | 'leaving', at: number, who: Who = 'ours'): ClusterEvent => ({ event, who, at });
const rolled = (at: number): ClusterEvent => ({ event: 'rolled', who: 'ours', at, tookMs: 900 });
const over = (
  at: number,
  failures: string[] = [],
  requests = 500,
  who: Who = 'ours',
  samples = 1_000,
): ClusterEvent => ({
  event: 'over',
  who,
  at,
  samples,
  requests,
  failures,
});

const control: ClusterEvent[] = [
  seen(0, 1, 1, 'control'),
  moment('begun', 1, 'control'),
  seen(5, 0, 0, 'control'),
  moment('leaving', 8, 'control'),
  over(9, ['ECONNRESET'], 50, 'control'),
];

/** Two restarts, then the last worker goes. */
function history({ between = [] as ClusterEvent[], end = [seen(500, 0, 0)], last = over(600) } = {}): ClusterEvent[] {
  return [
    ...control,
    seen(90, 1, 1),
    moment('begun', 100),
    rolled(200),
    ...between,
    rolled(300),
    moment('leaving', 400),
    ...end,
    last,
  ];
}

const judge = (events: readonly ClusterEvent[]) => judgeCluster(events, { restarts: 2 });

describe('the judge of clusters', () => {
  it('finds nothing wrong with a good history', () => {
    const { problems, figures } = judge(history());
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ restarts: 2, samples: 1_000, requests: 500, failed: 0, controlFailed: 1 });
    expect(figures.rollMs).toMatchObject({ n: 2, p50: 900 });
  });

  it('judges a machine that is five times slower alike: less load, fewer looks', () => {
    expect(judge(history({ last: over(3_000, [], 100, 'ours', 200) })).problems).toEqual([]);
  });

  it.each([
    ['an entry that goes for a moment', history({ between: [seen(250, 0, 0), seen(260, 1, 1)] }), /0 entries/],
    [
      'an entry that stops passing',
      history({ between: [seen(250, 1, 0), seen(260, 1, 1)] }),
      /0 of them passing, 160 ms after/,
    ],
    ['a second entry', history({ between: [seen(250, 2, 2), seen(260, 1, 1)] }), /2 entries/],
    [
      'an entry that was not there at the begin',
      history().map((event) => (event.event === 'seen' && event.at === 90 ? seen(90, 1, 0) : event)),
      /0 of them passing/,
    ],
    ['an entry that is left', history({ end: [] }), /has left 1 entries/],
    ['a request that failed', history({ last: over(600, ['ECONNRESET']) }), /1 requests failed: ECONNRESET/],
    ['requests that were not sent', history({ last: over(600, [], 0) }), /^no samples of requests/],
    ['looks that were not taken', history({ last: over(600, [], 500, 'ours', 0) }), /^no samples of looks/],
    [
      'entries that were not seen',
      history().filter((event) => event.event !== 'seen' || event.at > 400),
      /^no samples of entries while workers serve/,
    ],
    ['too little load', history({ last: over(600, [], 19) }), /too few/],
    [
      'a restart that is missing',
      history().filter((event) => event.event !== 'rolled' || event.at !== 300),
      /1 of 2 restarts/,
    ],
    ['a history that breaks off', history().slice(0, -1), /not observed to its end/],
    [
      'a control that did as well',
      history().map((event) =>
        event.who === 'control' && event.event === 'seen' ? seen(event.at, 1, 1, 'control') : event,
      ),
      /proves nothing/,
    ],
    ['a missing control', history().filter(({ who }) => who === 'ours'), /proves nothing/],
  ])('sees %s', (_what, events, problem) => {
    expect(
      judge(events).problems.some((line) => problem.test(line)),
      judge(events).problems.join('\n'),
    ).toBe(true);
  });
});
