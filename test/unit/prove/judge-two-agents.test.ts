import { describe, expect, it } from 'vitest';
import { faultsFor, judgeTwoAgents } from '../../prove/two-agents/judge-two-agents.js';
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

/** A successor's round gives no sample of a move. */
const hung: Story = { fault: 'hung', movedAt: 5_900, doubledUntil: 9_000 };
const both = (story: Story = {}): TwoAgentsEvent[] => [
  ...part('agents', story),
  ...part('agents', hung),
  ...part('datacenters', { fault: 'successor' }),
];
/** From the `round` event of one of the kind to the `end` of its part. */
const without = (fault: Fault): TwoAgentsEvent[] => {
  let left = false;
  return both().filter((event) => {
    if (event.event === 'round') left = event.fault === fault;
    return !left || event.event === 'end';
  });
};

describe('the judge of two agents', () => {
  it('finds nothing wrong with a good history', () => {
    const { problems, figures } = judgeTwoAgents(both(), plan);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ killedMs: { max: 1_000 }, hungMs: { max: 4_900 }, backMs: { max: 3_000 } });
    expect(figures).toMatchObject({ doubledMs: 4_000, leftOver: 0, successorsLost: 0, controlLeftOver: 3 });
  });

  it('judges a machine that is five times slower alike: what is beyond the beats and the pause before a trial grows fivefold', () => {
    for (const beyond of [100, 500]) {
      const story = { movedAt: 4_000 + beyond, backAt: 30_000 + 7_000 + beyond };
      expect(judgeTwoAgents(both(story), plan).problems).toEqual([]);
    }
  });

  it('has each kind of fault in every run, however short it is', () => {
    expect(faultsFor(1)).toEqual(['killed', 'hung', 'successor']);
    expect(faultsFor(3)).toEqual(['killed', 'hung', 'successor']);
    expect(faultsFor(6)).toEqual(['killed', 'hung', 'killed', 'hung', 'killed', 'successor']);
  });

  it('fails where nothing but successors was played, as one run was once', () => {
    const history = [...part('agents', { fault: 'successor' }), ...part('datacenters', { fault: 'successor' })];
    const names = ['killedMs', 'hungMs', 'backMs'];
    expect(judgeTwoAgents(history, plan).problems).toEqual(
      names.map((name) => expect.stringContaining(`no samples of ${name}`) as string),
    );
  });

  it.each([
    ['a late move', both({ movedAt: 5_100 }), /after 4100 ms, promised are 4000/],
    [
      'a move that never came',
      both().filter((event) => event.event !== 'seen' || event.at < 1_000),
      /never registered with the other/,
    ],
    ['two that pass for too long', both({ doubledUntil: 12_001 }), /two entries passed for 10001 ms/],
    [
      'a late move from one that hangs',
      [...both(), ...part('agents', { ...hung, movedAt: 6_100 })],
      /after 5100 ms, promised are 5000/,
    ],
    ['no agent that was killed', without('killed'), /^no samples of killedMs/m],
    ['no agent that hung', without('hung'), /^no samples of hungMs/m],
    [
      'no return that was measured',
      both({ seenLast: ['other'] }).filter(({ event }) => event !== 'healed'),
      /^no samples of backMs/m,
    ],
    ['nothing that was looked at', both().filter(({ event }) => event !== 'seen'), /^no samples of doubledMs/m],
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
