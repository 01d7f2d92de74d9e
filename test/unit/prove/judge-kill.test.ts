import { describe, expect, it } from 'vitest';
import { judgeKill } from '../../prove/kill/judge-kill.js';
import type { KillEvent, Restart } from '../../prove/kill/judge-kill.js';

const ttlMs = 2_000;

const seen = (at: number, entries: number, passing: number): KillEvent => ({ event: 'seen', at, entries, passing });
const killed = (restart: Restart, at: number, who: 'ours' | 'control' = 'ours'): KillEvent => ({
  event: 'killed',
  who,
  round: 1,
  restart,
  at,
});
const moment = (event: 'restarted' | 'listening' | 'opened' | 'over', at: number): KillEvent => ({ event, at });

const control: KillEvent[] = [
  seen(0, 1, 1),
  killed('after expiry', 1, 'control'),
  moment('restarted', 5_000),
  seen(5_100, 2, 2),
  moment('over', 5_200),
];

/** Killed at 1000, out at `out`, listening at 4000, open at 5000, back at `back`. */
function expiry({ out = 3_000, back = 5_010, between = [] as KillEvent[], end = seen(5_010, 1, 1) } = {}): KillEvent[] {
  return [
    seen(900, 1, 1),
    killed('after expiry', 1_000),
    seen(out, 1, 0),
    moment('restarted', 3_100),
    moment('listening', 4_000),
    seen(4_010, 0, 0),
    ...between,
    seen(back, 1, 1),
    moment('opened', 5_000),
    end,
    moment('over', 5_300),
  ];
}

/** Killed at 1000, listening at 1600, the old entry out at `out`, open at 2600; a bare process takes `raw` from its start. */
function atOnce({ out = 1_660, back = 2_610, raw = 120 } = {}): KillEvent[] {
  return [
    seen(900, 1, 1),
    killed('at once', 1_000),
    moment('restarted', 1_010),
    seen(out, 0, 0),
    seen(back, 1, 1),
    moment('listening', 1_600),
    moment('opened', 2_600),
    moment('over', 3_000),
    { event: 'raw', round: 1, at: 4_000, tookMs: raw },
  ];
}

describe('the judge of kills', () => {
  it('finds nothing wrong with a good history and measures each part of it', () => {
    const { problems, figures } = judgeKill([...expiry(), ...atOnce(), ...control], { ttlMs });
    expect(problems).toEqual([]);
    expect(figures.outMs).toMatchObject({ n: 1, max: 2_000 });
    expect(figures.clearedMs).toMatchObject({ n: 1, max: 60 });
    expect(figures.clearedShare).toBe(0.5);
    expect(figures.backMs).toMatchObject({ n: 2, min: 10, max: 10 });
  });

  it('judges a machine that is five times slower alike', () => {
    const slower = { out: 1_600 + 5 * 60, back: 2_650, raw: 5 * 120 };
    expect(judgeKill([...expiry({ out: 3_000 + 5 * 10 }), ...atOnce(slower), ...control], { ttlMs }).problems).toEqual(
      [],
    );
    expect(judgeKill([...expiry(), ...atOnce({ ...slower, raw: 590 }), ...control], { ttlMs }).problems).toHaveLength(
      1,
    );
  });

  it.each([
    ['an entry that outlives its TTL', [...expiry({ out: 3_201 }), ...atOnce(), ...control], /longer than the 2200 ms/],
    [
      'an old entry that is not cleared at once',
      [...expiry(), ...atOnce({ out: 1_666 }), ...control],
      /out after 0.55 times/,
    ],
    [
      'an old entry that is cleared by the start alone',
      [...expiry(), ...atOnce({ out: 2_601, raw: 5_000 }), ...control],
      /until the next process was ready/,
    ],
    [
      'an old entry that went by itself',
      [...expiry(), ...atOnce({ out: 1_590 }), ...control],
      /out before the next process listened/,
    ],
    [
      'an old entry that stays for ever',
      [...expiry(), ...atOnce().filter((event) => event.event !== 'seen' || event.passing > 0), ...control],
      /for ever/,
    ],
    [
      'an entry that passes before it is ready',
      [...expiry({ back: 4_999 }), ...atOnce(), ...control],
      /it passed 1 ms before it was ready/,
    ],
    [
      'a flash of passing before it is ready',
      [...expiry({ between: [seen(4_500, 1, 1), seen(4_510, 1, 0)] }), ...atOnce(), ...control],
      /it passed 500 ms before/,
    ],
    [
      'a second entry while it starts',
      [...expiry({ between: [seen(4_500, 2, 0)] }), ...atOnce(), ...control],
      /two entries were there/,
    ],
    [
      'a second entry in the end',
      [...expiry({ end: seen(5_200, 2, 1) }), ...atOnce(), ...control],
      /in the end there were 2 entries/,
    ],
    ['an entry that goes again', [...expiry({ end: seen(5_200, 1, 0) }), ...atOnce(), ...control], /0 of them passing/],
    [
      'a life that did not pass when it was killed',
      [...expiry().with(0, seen(900, 1, 0)), ...atOnce(), ...control],
      /did not pass when it was killed/,
    ],
    ['a history that breaks off', [...expiry().slice(0, -1), ...atOnce(), ...control], /not observed to its end/],
    ['expiries that nobody measured', [...atOnce(), ...control], /^no samples of outMs/],
    ['clearings that nobody measured', [...expiry(), ...control], /^no samples of clearedMs/],
    ['no bare process', [...expiry(), ...atOnce().slice(0, -1), ...control], /^no samples of rawRestartMs/],
    [
      'a life that never passed again',
      [...expiry({ back: 2_000 }).filter((event) => event.event !== 'seen' || event.at < 4_000), ...control],
      /^no samples of backMs/,
    ],
    [
      'a control without a ghost',
      [
        ...expiry(),
        ...atOnce(),
        seen(5_400, 1, 1),
        killed('after expiry', 5_500, 'control'),
        seen(5_600, 0, 0),
        moment('over', 9_000),
      ],
      /proves nothing/,
    ],
    ['a missing control', [...expiry(), ...atOnce()], /proves nothing/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeKill(history, { ttlMs }).problems.some((line) => problem.test(line))).toBe(true);
  });
});
