import { describe, expect, it } from 'vitest';
import { judgeSentinel } from '../../prove/sentinel/judge-sentinel.js';
import type { SentinelEvent, Who } from '../../prove/sentinel/judge-sentinel.js';

const seen = (who: Who, at: number, tag: string | undefined, passing = tag !== undefined): SentinelEvent => ({
  event: 'seen',
  who,
  at,
  tag,
  passing,
});
const left = (...keys: string[]): SentinelEvent => ({ event: 'left', keys });

function round({
  back = 3_400,
  after = [] as SentinelEvent[],
  control = [seen('control', 3_000, 'r1'), seen('control', 4_500, undefined)],
  over = true,
} = {}): SentinelEvent[] {
  return [
    { event: 'killed', round: 1, at: 1_000, tag: 'r1' },
    { event: 'promoted', at: 3_000 },
    seen('ours', 3_001, 'r0'),
    seen('ours', back, 'r1'),
    ...after,
    ...control,
    ...(over ? [{ event: 'over', at: 7_000 } as const] : []),
  ];
}

describe('the judge of failovers', () => {
  it('finds nothing wrong with a good history and measures both parts of it', () => {
    const { problems, figures } = judgeSentinel([...round(), left()]);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ kills: 1, left: 0, failoverMs: { max: 2_000 }, behindMs: { max: 400 } });
  });

  it('judges a machine that is five times slower alike: what is beyond an interval of 500 ms grows fivefold', () => {
    for (const beyond of [50, 250])
      expect(judgeSentinel([...round({ back: 3_500 + beyond }), left()]).problems).toEqual([]);
  });

  it.each([
    ['an entry that is late', [...round({ back: 4_001 }), left()], /only 1001 ms after/],
    [
      'a change that was accepted and is lost',
      [...round().filter((event) => event.event !== 'seen' || event.who !== 'ours' || event.tag !== 'r1'), left()],
      /never again as it was last written/,
    ],
    ['an entry that goes again', [...round({ after: [seen('ours', 5_000, undefined)] }), left()], /gone again/],
    ['an entry that does not pass', [...round({ after: [seen('ours', 5_000, 'r1', false)] }), left()], /gone again/],
    ['what is left behind', [...round(), left('rollcall:{ours}')], /there was left: rollcall/],
    ['an end that nobody looked at', round(), /nobody looked/],
    ['a history that breaks off', [...round({ over: false }), left()], /not observed to its end/],
    ['a control that holds out', [...round({ control: [seen('control', 3_000, 'r1')] }), left()], /proves nothing/],
    ['no failover', [left()], /^no samples of failoverMs/],
    [
      'no return',
      [...round().filter((event) => event.event !== 'seen' || event.who !== 'ours'), left()],
      /^no samples of behindMs/,
    ],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeSentinel(history).problems.some((line) => problem.test(line))).toBe(true);
  });
});
