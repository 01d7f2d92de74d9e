import { describe, expect, it } from 'vitest';
import { judgeLate } from '../../prove/late/judge-late.js';
import type { LateCell, LateEvent } from '../../prove/late/judge-late.js';

const boundsOf = (ttlMs: number) => ({
  withinMs: ttlMs + 1_000,
  healedMs: 2_000,
  goneMs: 1_000,
  goneAtFaultMs: 5_000,
  stopMs: 15_000,
});
const cell: LateCell = {
  form: 'chain',
  first: 'etcd',
  thread: 'worker',
  fault: 'silent',
  moment: 'register',
  ttlMs: 3_000,
  round: 2,
};

const struck = (
  secondMs: number | undefined,
  firstMs?: number,
  of: Partial<LateCell> = {},
  healedMs: number | undefined = 500,
): LateEvent => ({ event: 'struck', ...cell, ...of, secondMs, firstMs, healedMs });
const unhealed: LateEvent = { event: 'struck', ...cell, secondMs: 1, firstMs: undefined, healedMs: undefined };
const left = (firstMs: number | undefined, secondMs: number | undefined, stopMs: number | undefined): LateEvent => ({
  ...{ event: 'left', ...cell, moment: 'stop', firstMs, secondMs, stopMs },
});
const control = (secondMs: number | undefined): LateEvent => ({ event: 'control', ttlMs: 3_000, secondMs });
const good = [struck(2_100), control(15_000)];

describe('the judge of late answers', () => {
  it('finds nothing wrong with a good history, and measures it', () => {
    const { problems, figures } = judgeLate(
      [...good, left(5_000, 1_000, 15_000), struck(undefined, 0, { fault: 'slow' })],
      boundsOf,
    );
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      cells: 2,
      stops: 1,
      stopMs: { n: 1, max: 15_000 },
      secondMs: { n: 1, max: 2_100 },
      anyMs: { n: 2, min: 0, max: 2_100 },
      healedMs: { n: 2, max: 500 },
      controlMs: 15_000,
    });
  });

  it('takes a control that never came for one that failed', () => {
    expect(judgeLate([struck(1), control(undefined)], boundsOf).problems).toEqual([]);
  });

  it.each<[what: string, history: LateEvent[], problem: RegExp]>([
    [
      'a late one',
      [...good, struck(4_001)],
      /chain, etcd first, worker, silent at register, TTL 3 s, round 2: passing after 4001 ms/,
    ],
    ['none', [...good, struck(undefined)], /silent at register, TTL 3 s, round 2: never passing/],
    ['one that passes at a silent agent alone', [...good, struck(undefined, 0)], /never passing/],
    ['one that is slow and late', [...good, struck(6_000, 5_000, { fault: 'slow' })], /passing after 5000 ms/],
    [
      'one that stays at the second',
      [...good, left(0, 1_001, 0)],
      /at stop, TTL 3 s, round 2: gone at the second after 1001 ms/,
    ],
    ['one that stays at the first', [...good, left(5_001, 0, 0)], /gone at the first after 5001 ms, promised are 5000/],
    ['one that passes to the end', [...good, left(undefined, 0, 0)], /gone at the first never while/],
    ['a stop beyond its timeout', [...good, left(0, 0, 15_001)], /the end of the stop after 15001 ms/],
    ['a cell that broke', [...good, { event: 'broken', ...cell, what: 'no port' }], /round 2: no port/],
    [
      'one that is in two places after it',
      [...good, struck(1, 1, {}, 2_001)],
      /healed, passing at one alone after 2001 ms/,
    ],
    ['one that stays in two places', [...good, unhealed], /healed, passing at one alone never while/],
    ['a quick control', [good[0]!, control(4_000)], /was as quick: .*proves nothing/],
    ['no control', [good[0]!], /was as quick: .*proves nothing/],
    ['nothing measured', [control(15_000)], /no samples of secondMs/],
  ])('is not content with %s', (_, history, problem) => {
    expect(judgeLate(history, boundsOf).problems).toContainEqual(expect.stringMatching(problem));
  });
});
