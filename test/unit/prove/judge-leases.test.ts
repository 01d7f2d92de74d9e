import { describe, expect, it } from 'vitest';
import { judgeLeases } from '../../prove/leases/judge-leases.js';
import type { LeaseEvent } from '../../prove/leases/judge-leases.js';

const bounds = { ttlMs: 3_000, slackMs: 1_000 };
const emptied = (backMs: number | undefined, controlBack = false): LeaseEvent => ({
  event: 'emptied',
  round: 1,
  backMs,
  controlBack,
});
const removed = (backMs: number | undefined): LeaseEvent => ({ event: 'removed', round: 1, backMs });
const killed = (outMs: number | undefined, { entries = 1, controlOut = false } = {}): LeaseEvent => ({
  event: 'killed',
  round: 1,
  outMs,
  entries,
  controlOut,
});
const rolled = (who: 'ours' | 'control', failed: number, requests = 1_000): LeaseEvent => ({
  event: 'rolled',
  who,
  restarts: 3,
  requests,
  failed,
});
const rolls = [rolled('ours', 0), rolled('control', 9)];
const good = [emptied(900), removed(800), killed(3_400), ...rolls];

describe('the judge of leases', () => {
  it('finds nothing wrong with a good history, and measures it', () => {
    const { problems, figures } = judgeLeases(good, bounds);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      emptiedBackMs: { max: 900 },
      removedBackMs: { max: 800 },
      outMs: { max: 3_400 },
      requests: 1_000,
      failed: 0,
      controlFailed: 9,
    });
  });

  it.each<[what: string, history: LeaseEvent[], problem: RegExp]>([
    ['a late return', [...good, emptied(3_001)], /emptied 1: listed again after 3001 ms/],
    ['no return', [...good, removed(undefined)], /removed 1: never listed again/],
    ['a dead entry that stays', [...good, killed(4_001)], /killed 1: out after 4001 ms, promised are 4000/],
    ['a dead entry for ever', [...good, killed(undefined)], /killed 1: never out/],
    ['two entries', [...good, killed(3_000, { entries: 2 })], /led to 2 entries/],
    ['a lost request', [...good.slice(0, 3), rolled('ours', 1), rolls[1]!], /1 of 1000 requests failed/],
    ['no load', [...good.slice(0, 3), rolled('ours', 0, 0), rolls[1]!], /nothing was asked/],
    ['no rolling restart', good.slice(0, 3), /nothing was asked/],
    ['a control that loses nothing', [...good.slice(0, 4), rolled('control', 0)], /lost no request: .*proves nothing/],
    ['a control that comes back', [...good, emptied(900, true)], /did as well: .*proves nothing/],
    ['a control that leaves', [...good, killed(3_000, { controlOut: true })], /did as well: .*proves nothing/],
    ['nothing measured', rolls, /no samples of emptiedBackMs/],
  ])('is not content with %s', (_, history, problem) => {
    expect(judgeLeases(history, bounds).problems).toContainEqual(expect.stringMatching(problem));
  });
});
