import { describe, expect, it } from 'vitest';
import { judgeTwoAgents } from '../../prove/two-agents/judge-two-agents.js';
import type { Fault, Part, Place, TwoAgentsEvent } from '../../prove/two-agents/judge-two-agents.js';

const plan = { ttlMs: 10_000, intervalMs: 1_000, backWithinMs: 8_000 };

interface Story {
  readonly fault?: Fault;
  readonly movedAt?: number;
  /** Until when the entry at the preferred one still passes after the move. */
  readonly doubledUntil?: number;
  readonly backAt?: number;
  readonly seenLast?: readonly Place[];
  readonly kept?: boolean;
  readonly left?: number;
  readonly controlLeft?: number;
}

/** One part: a round that is struck at 1000 and healed at 30000, and its end. */
function part(name: Part, story: Story = {}): TwoAgentsEvent[] {
  const {
    fault = 'killed',
    movedAt = 2_000,
    doubledUntil = 6_000,
    backAt = 33_000,
    seenLast = ['preferred'],
    kept = true,
    left = 0,
    controlLeft = 1,
  } = story;
  const seen = (at: number, entries: readonly Place[], passing = entries): TwoAgentsEvent => ({
    event: 'seen',
    who: 'ours',
    at,
    entries,
    passing,
  });
  return [
    { event: 'round', part: name, fault, round: 1, at: 0 },
    seen(1, ['preferred']),
    { event: 'struck', at: 1_000 },
    seen(movedAt, ['other', 'preferred']),
    seen(doubledUntil, ['other', 'preferred'], ['other']),
    { event: 'healed', at: 30_000 },
    ...(fault === 'successor' ? [{ event: 'successor', at: 31_000, kept, oursPasses: true } as const] : []),
    seen(backAt, seenLast),
    { event: 'over', at: 40_000 },
    seen(40_500, []),
    { event: 'end', part: name, at: 41_000, ours: left, control: controlLeft },
  ];
}

const both = (story: Story = {}): TwoAgentsEvent[] => [
  ...part('agents', story),
  ...part('datacenters', { fault: 'successor' }),
];

describe('the judge of two agents', () => {
  it('finds nothing wrong with a good history', () => {
    const { problems, figures } = judgeTwoAgents(both(), plan);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      killedMs: { max: 1_000 },
      backMs: { max: 3_000 },
      doubledMs: 4_000,
      leftOver: 0,
      successorsLost: 0,
      controlLeftOver: 2,
    });
  });

  it('gives one that hangs an interval more, for its first beat', () => {
    expect(judgeTwoAgents(both({ fault: 'hung', movedAt: 5_900, doubledUntil: 9_000 }), plan).problems).toEqual([]);
  });

  it.each([
    ['a late move', both({ movedAt: 5_100 }), /after 4100 ms, promised are 4000/],
    [
      'a move that never came',
      both().filter((event) => event.event !== 'seen' || event.at < 1_000),
      /never registered with the other/,
    ],
    ['two that pass for too long', both({ doubledUntil: 12_001 }), /two entries passed for 10001 ms/],
    ['a late return', both({ backAt: 38_001 }), /back only 8001 ms/],
    ['no return', both({ seenLast: ['other'] }), /not back with the preferred one alone/],
    ['an entry beside it', both({ seenLast: ['other', 'preferred'] }), /not back with the preferred one alone/],
    ['what is left over', both({ left: 1 }), /1 entries were left over/],
    ['a control that clears', both({ controlLeft: 0 }), /proves nothing/],
    [
      'a successor that was removed',
      [...part('agents'), ...part('datacenters', { fault: 'successor', kept: false })],
      /another instance were removed/,
    ],
    ['no successor', [...part('agents'), ...part('datacenters')], /no successor/],
    ['a round that breaks off', both().filter(({ event }) => event !== 'over'), /not observed to its end/],
    ['a missing part', part('agents', { fault: 'successor' }), /no round of datacenters/],
    ['an empty history', [], /no round of agents/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeTwoAgents(history, plan).problems.join('\n')).toMatch(problem);
  });
});
