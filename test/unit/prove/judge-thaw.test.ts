import { describe, expect, it } from 'vitest';
import { judgeThaw } from '../../prove/thaw/judge-thaw.js';
import type { ThawEvent } from '../../prove/thaw/judge-thaw.js';

const critical = (who: ThawEvent['who'], wrong: number, { before = 3, looks = 10 } = {}): ThawEvent => ({
  ...{ story: 'critical', who, run: 7, before, looks, wrong },
});
const register = (who: ThawEvent['who'], wrong: number, { before = 1, looks = 10 } = {}): ThawEvent => ({
  ...{ story: 'register', givenUp: 'RST', who, run: 8, before, looks, wrong },
});
const controls = [critical('plain', 10), critical('plain', 0), register('plain', 10)];
const good = [critical('ours', 0), register('ours', 0), register('ours', 0), ...controls];

describe('the judge of frozen agents', () => {
  it('finds nothing wrong with a good history, and counts it', () => {
    expect(judgeThaw(good)).toEqual({
      problems: [],
      figures: { critical: '1 of 1', absent: '2 of 2', plainCritical: '1 of 2', plainAbsent: '0 of 1' },
    });
  });

  it.each<[what: string, history: ThawEvent[], problem: RegExp]>([
    ['one that passes again', [...good, critical('ours', 2)], /critical, run 7: passing in 2 of 10 looks/],
    ['one that came back', [...good, register('ours', 1)], /RST, run 8: listed in 1 of 10 looks/],
    ['too few heartbeats', [...good, critical('ours', 0, { before: 2 })], /run 7: 2 on the wire of 3/],
    ['no register on the wire', [...good, register('ours', 0, { before: 0 })], /run 8: 0 on the wire of 1/],
    ['nobody who looks', [...good, register('ours', 0, { looks: 0 })], /run 8: no looks/],
    [
      'a control of heartbeats that is right',
      [good[0]!, good[1]!, critical('plain', 0), controls[2]!],
      /heartbeats did/,
    ],
    ['a control of registers that is right', [...good.slice(0, 4), register('plain', 0)], /registers did not fail/],
    ['nothing measured', controls, /no samples of critical/],
  ])('is not content with %s', (_, history, problem) => {
    expect(judgeThaw(history).problems).toContainEqual(expect.stringMatching(problem));
  });
});
