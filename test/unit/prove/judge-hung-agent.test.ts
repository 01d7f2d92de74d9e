import { describe, expect, it } from 'vitest';
import { judgeHungAgent } from '../../prove/hung-agent/judge-hung-agent.js';
import type { HungAgentEvent } from '../../prove/hung-agent/judge-hung-agent.js';

const MB = 1024 * 1024;
const plan = { intervalMs: 1_000 };

interface Story {
  readonly inFlight?: number;
  readonly controlInFlight?: number;
  readonly heap?: readonly [before: number, during: number, after: number];
  readonly rss?: readonly [before: number, during: number, after: number];
  /** Sightings after the resume at 1000: when, and whether it passes. */
  readonly seen?: readonly (readonly [at: number, passing: boolean])[];
}

function round({
  inFlight = 3,
  controlInFlight = 9,
  heap = [10, 10, 10],
  rss = [80, 80, 80],
  seen = [[1_300, true]],
}: Story = {}): HungAgentEvent[] {
  const memory = (when: 'before' | 'during' | 'after', at: number, which: 0 | 1 | 2): HungAgentEvent => ({
    event: 'memory',
    when,
    at,
    heapUsed: heap[which] * MB,
    rss: rss[which] * MB,
  });
  return [
    { event: 'round', round: 1, at: 0 },
    memory('before', 1, 0),
    { event: 'paused', at: 2 },
    { event: 'wire', who: 'ours', at: 3, inFlight: 1, connections: 2 },
    { event: 'wire', who: 'ours', at: 4, inFlight, connections: 3 },
    { event: 'wire', who: 'control', at: 4, inFlight: controlInFlight, connections: controlInFlight },
    memory('during', 5, 1),
    { event: 'resumed', at: 1_000 },
    ...seen.map(([at, passing]): HungAgentEvent => ({ event: 'seen', at, passing })),
    memory('after', 3_000, 2),
    { event: 'over', at: 3_001 },
  ];
}

describe('the judge of a hung agent', () => {
  it('finds nothing wrong with a good history', () => {
    const { problems, figures } = judgeHungAgent([...round(), ...round()], plan);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      inFlightMax: 3,
      connectionsMax: 3,
      controlInFlightMax: 9,
      heapGrowthKb: 0,
      rssTrendKb: 0,
    });
    expect(figures.passingAfterMs.max).toBe(300);
  });

  it('counts from the resume until it passes for good, not to a listing left from before the pause', () => {
    const { figures } = judgeHungAgent(
      round({
        seen: [
          [1_001, true],
          [1_020, false],
          [1_400, true],
        ],
      }),
      plan,
    );
    expect(figures.passingAfterMs.max).toBe(400);
  });

  it('does not count what is in flight while the agent answers', () => {
    const busy: HungAgentEvent = { event: 'wire', who: 'ours', at: 2_000, inFlight: 8, connections: 8 };
    const events = round();
    expect(judgeHungAgent([...round(), ...events.slice(0, -1), busy, ...events.slice(-1)], plan).problems).toEqual([]);
  });

  it('judges a machine that is five times slower alike: what is beyond the 150 ms until a beat is repeated grows fivefold', () => {
    const passing = (beyond: number) => round({ seen: [[1_000 + 150 + beyond, true]] });
    expect(judgeHungAgent([...passing(20), ...passing(20)], plan).problems).toEqual([]);
    expect(judgeHungAgent([...passing(100), ...passing(100)], plan).problems).toEqual([]);
  });

  it.each([
    ['requests that pile up', round({ inFlight: 7 }), /^7 requests were in flight/],
    ['a control that behaves', round({ controlInFlight: 3 }), /proves nothing/],
    ['a late return', round({ seen: [[1_501, true]] }), /passing only 501 ms/],
    [
      'an instance that goes again',
      round({
        seen: [
          [1_100, true],
          [1_200, false],
        ],
      }),
      /does not pass/,
    ],
    ['an instance that was never seen', round({ seen: [] }), /does not pass/],
    ['a heap that grows in a pause', round({ heap: [10, 12, 10] }), /the heap grew in a pause by 2048 kB/],
    [
      'a heap that grows from round to round',
      [...round(), ...round({ heap: [12, 12, 12] })],
      /the heap grew from round to round/,
    ],
    ['a resident set that grows in a pause', round({ rss: [80, 91, 80] }), /the resident set grew in a pause/],
    [
      'a resident set that grows from round to round',
      [...round(), ...round({ rss: [91, 91, 91] })],
      /the resident set grew from round to round/,
    ],
    ['memory that was not read', round().filter((event) => event.event !== 'memory'), /its memory was not read/],
    [
      'requests that were not counted',
      round().filter((event) => event.event !== 'wire' || event.who === 'control'),
      /^no samples of inFlightMax/,
    ],
    [
      'requests of the control that were not counted',
      round().filter((event) => event.event !== 'wire' || event.who === 'ours'),
      /^no samples of controlInFlightMax/,
    ],
    ['no return', round({ seen: [] }), /^no samples of passingAfterMs/],
    ['no heap', round().filter((event) => event.event !== 'memory'), /^no samples of heapGrowthKb/],
    ['no resident set', round().filter((event) => event.event !== 'memory'), /^no samples of rssGrowthKb/],
    ['one round, which has no growth to the next', round(), /^no samples of heapTrendKb/],
    ['one round, whose resident set has none either', round(), /^no samples of rssTrendKb/],
    ['a history that breaks off', round().slice(0, -1), /not observed to its end/],
    ['an agent that never went on', round().filter((event) => event.event !== 'resumed'), /never resumed/],
    ['an empty history', [], /there was no round/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeHungAgent(history, plan).problems.some((line) => problem.test(line))).toBe(true);
  });
});
