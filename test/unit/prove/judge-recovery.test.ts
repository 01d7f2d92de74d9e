import { describe, expect, it } from 'vitest';
import { judgeRecovery } from '../../prove/recovery/judge-recovery.js';
import type { Loss, RecoveryEvent } from '../../prove/recovery/judge-recovery.js';

const seen = (who: 'ours' | 'raw' | 'control', at: number, listed: number | undefined): RecoveryEvent => ({
  event: 'seen',
  who,
  at,
  listed,
});
const round = (loss: Loss, ...events: RecoveryEvent[]): RecoveryEvent[] => [
  { event: 'round', round: 1, loss, at: 0 },
  ...events,
  { event: 'over', at: 9_000 },
];

const controlOnce = seen('control', 0, 1);
const emptied = (behind: number) =>
  round(
    'emptied',
    seen('control', 400, undefined),
    seen('ours', 401, undefined),
    seen('raw', 500, 7),
    seen('ours', 500 + behind, 8),
  );
const late = (behind: number, tookMs = 5_001) =>
  round('late', seen('raw', 500, 7), seen('ours', 500 + behind, 8), { event: 'started', at: 600, tookMs });
const struck = (who: 'ours' | 'raw', at: number): RecoveryEvent => ({ event: 'struck', who, at });
/** The raw client is struck when ours is back. */
const deregistered = (after: number, raw = 5) =>
  round(
    'deregistered',
    ...[seen('ours', 10, 3), struck('ours', 20), seen('ours', 21, undefined), seen('ours', 20 + after, 4)],
    ...[seen('raw', 1_010, 5), struck('raw', 1_020), seen('raw', 1_021, undefined), seen('raw', 1_020 + raw, 6)],
  );

describe('the judge of recovery', () => {
  it('finds nothing wrong with a good history and measures it from the raw client, or from the strike', () => {
    const { problems, figures } = judgeRecovery([controlOnce, ...emptied(200), ...deregistered(12), ...late(30)]);
    expect(problems).toEqual([]);
    expect(figures.emptied.p99).toBe(200);
    expect(figures.deregistered.p50).toBe(12);
    expect(figures.rawBack.p50).toBe(5);
    expect(figures.backRatio).toBe(2.4);
    expect(figures.late.max).toBe(30);
    expect(figures.startedMs).toBe(5_001);
  });

  it('judges a machine that is five times slower alike', () => {
    const slower = (after: number) => [
      controlOnce,
      ...emptied(250 + 5 * 25),
      ...deregistered(after, 25),
      ...late(250 + 5 * 25),
    ];
    expect(judgeRecovery([controlOnce, ...emptied(275), ...deregistered(25), ...late(275)]).problems).toEqual([]);
    expect(judgeRecovery(slower(125)).problems).toEqual([]);
    expect(judgeRecovery(slower(126)).problems).toHaveLength(1);
  });

  it('counts a return before the raw client as a negative distance', () => {
    expect(judgeRecovery([controlOnce, ...emptied(-3), ...deregistered(12), ...late(30)]).figures.emptied.min).toBe(-3);
  });

  it('finds a replaced entry also when nobody saw the gap', () => {
    const unseenGap = round('deregistered', seen('ours', 10, 3), struck('ours', 20), seen('ours', 31, 4));
    expect(judgeRecovery([controlOnce, ...emptied(1), ...unseenGap, ...late(1)]).figures.deregistered.p50).toBe(11);
  });

  it.each([
    [
      'a slow return from an empty agent',
      [controlOnce, ...emptied(276), ...deregistered(12), ...late(30)],
      /^emptied: back 276 ms/,
    ],
    [
      'a slow return to a late agent',
      [controlOnce, ...emptied(1), ...deregistered(12), ...late(276)],
      /^late: back 276 ms/,
    ],
    [
      'a slow return from an outside deregister',
      [controlOnce, ...emptied(1), ...deregistered(26), ...late(1)],
      /^deregistered: back after 5.2 times/,
    ],
    [
      'a start that waited beyond its limit',
      [controlOnce, ...emptied(1), ...deregistered(1), ...late(1, 5_200)],
      /register\(\) took 5200 ms/,
    ],
    [
      'a start that was never measured',
      [controlOnce, ...emptied(1), ...deregistered(1), ...round('late', seen('raw', 5, 7), seen('ours', 6, 8))],
      /^no samples of startedMs/,
    ],
    [
      'an entry that never came back',
      [controlOnce, ...emptied(1), ...round('emptied', seen('raw', 500, 7)), ...deregistered(1), ...late(1)],
      /ours did not come back/,
    ],
    [
      'an entry that went again',
      [
        controlOnce,
        ...emptied(1),
        ...round('emptied', seen('raw', 5, 7), seen('ours', 6, 8), seen('ours', 7, undefined)),
        ...deregistered(1),
        ...late(1),
      ],
      /went again/,
    ],
    [
      'a replaced entry that went again',
      [
        controlOnce,
        ...emptied(1),
        ...round('deregistered', seen('ours', 1, 3), struck('ours', 2), seen('ours', 3, 4), seen('ours', 5, undefined)),
        ...late(1),
      ],
      /went again/,
    ],
    [
      'an entry that the strike did not touch',
      [controlOnce, ...emptied(1), ...round('deregistered', seen('ours', 1, 3), struck('ours', 2)), ...late(1)],
      /ours did not come back/,
    ],
    [
      'a round without its yardstick',
      [controlOnce, ...emptied(1), ...round('emptied', seen('ours', 6, 8)), ...deregistered(1), ...late(1)],
      /yardstick is missing/,
    ],
    ['no agent that was emptied', [controlOnce, ...deregistered(1), ...late(1)], /^no samples of emptied/],
    ['no outside deregister', [controlOnce, ...emptied(1), ...late(1)], /^no samples of deregistered/],
    ['no agent that came late', [controlOnce, ...emptied(1), ...deregistered(1)], /^no samples of late/],
    [
      'no raw client',
      [
        controlOnce,
        ...emptied(1),
        ...deregistered(1).filter((event) => !('who' in event) || event.who !== 'raw'),
        ...late(1),
      ],
      /^no samples of rawBack/,
    ],
    [
      'a history that breaks off',
      [controlOnce, ...emptied(1), ...deregistered(1), ...late(1).slice(0, -1)],
      /not observed to its end/,
    ],
    [
      'a control that comes back too',
      [
        controlOnce,
        ...emptied(1),
        ...round('emptied', seen('raw', 5, 7), seen('ours', 6, 8), seen('control', 7, 9)),
        ...deregistered(1),
        ...late(1),
      ],
      /proves nothing/,
    ],
    ['a control that was never there', [...emptied(1), ...deregistered(1), ...late(1)], /proves nothing/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeRecovery(history).problems.some((line) => problem.test(line))).toBe(true);
  });
});
