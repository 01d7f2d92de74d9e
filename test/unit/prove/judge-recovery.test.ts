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
const deregistered = (after: number) =>
  round(
    'deregistered',
    seen('ours', 10, 3),
    { event: 'struck', at: 20 },
    seen('ours', 21, undefined),
    seen('ours', 20 + after, 4),
  );

describe('the judge of recovery', () => {
  it('finds nothing wrong with a good history and measures it from the raw client, or from the strike', () => {
    const { problems, figures } = judgeRecovery([controlOnce, ...emptied(200), ...deregistered(12), ...late(30)]);
    expect(problems).toEqual([]);
    expect(figures.emptied.p99).toBe(200);
    expect(figures.deregistered.p50).toBe(12);
    expect(figures.late.max).toBe(30);
    expect(figures.startedMs).toBe(5_001);
  });

  it('counts a return before the raw client as a negative distance', () => {
    expect(judgeRecovery([controlOnce, ...emptied(-3), ...deregistered(12), ...late(30)]).figures.emptied.min).toBe(-3);
  });

  it('finds a replaced entry also when nobody saw the gap', () => {
    const unseenGap = round('deregistered', seen('ours', 10, 3), { event: 'struck', at: 20 }, seen('ours', 31, 4));
    expect(judgeRecovery([controlOnce, ...emptied(1), ...unseenGap, ...late(1)]).figures.deregistered.p50).toBe(11);
  });

  it.each([
    [
      'a slow return from an empty agent',
      [controlOnce, ...emptied(251), ...deregistered(12), ...late(30)],
      /^emptied: back 251 ms/,
    ],
    [
      'a slow return to a late agent',
      [controlOnce, ...emptied(1), ...deregistered(12), ...late(251)],
      /^late: back 251 ms/,
    ],
    [
      'a slow return from an outside deregister',
      [controlOnce, ...emptied(1), ...deregistered(21), ...late(1)],
      /^deregistered: back after 21 ms/,
    ],
    [
      'a start that waited beyond its limit',
      [controlOnce, ...emptied(1), ...deregistered(1), ...late(1, 5_200)],
      /register\(\) took 5200 ms/,
    ],
    [
      'a start that was never measured',
      [controlOnce, ...emptied(1), ...deregistered(1), ...round('late', seen('raw', 5, 7), seen('ours', 6, 8))],
      /register\(\) took NaN/,
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
        ...round(
          'deregistered',
          seen('ours', 1, 3),
          { event: 'struck', at: 2 },
          seen('ours', 3, 4),
          seen('ours', 5, undefined),
        ),
        ...late(1),
      ],
      /went again/,
    ],
    [
      'an entry that the strike did not touch',
      [
        controlOnce,
        ...emptied(1),
        ...round('deregistered', seen('ours', 1, 3), { event: 'struck', at: 2 }),
        ...late(1),
      ],
      /ours did not come back/,
    ],
    [
      'a round without its yardstick',
      [controlOnce, ...emptied(1), ...round('emptied', seen('ours', 6, 8)), ...deregistered(1), ...late(1)],
      /yardstick is missing/,
    ],
    ['a kind of loss that was not tried', [controlOnce, ...emptied(1), ...deregistered(1)], /no 'late' round/],
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
