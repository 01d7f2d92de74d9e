import { describe, expect, it } from 'vitest';
import { doubtEndsAt, incarnationOf, judgeDoubt } from '../../../src/discovery/judge-doubt.js';
import type { DoubtFacts, DoubtRuling } from '../../../src/discovery/judge-doubt.js';
import type { DiscoveredInstance, HealthStatus } from '../../../src/index.js';

const instance = (id: string, status: HealthStatus = 'passing'): DiscoveredInstance => ({
  name: 'orders',
  id,
  nonce: `nonce of ${id}`,
  address: '10.0.0.1',
  port: 1,
  tags: [],
  meta: {},
  status,
});
const range = (from: number, to: number, status?: HealthStatus): DiscoveredInstance[] =>
  Array.from({ length: to - from + 1 }, (_, at) => instance(String(from + at), status));

const NOW = 1_000_000;
const judge = (facts: Partial<DoubtFacts>): DoubtRuling =>
  judgeDoubt({
    given: [],
    answer: [],
    doubt: undefined,
    now: NOW,
    troubleAt: -Infinity,
    refused: new Set(),
    ...facts,
  });
const justNow = NOW - 9_999;

describe('an answer without a doubt before it', () => {
  it.each<[what: string, facts: Partial<DoubtFacts>, kept: number]>([
    ['no instance of 3, with a sound registry', { given: range(1, 3), answer: [] }, 3],
    ['no instance of 2', { given: range(1, 2), answer: [] }, 0],
    ['no instance where none was known', { given: [], answer: [], troubleAt: justNow }, 0],
    ['1 of 50 soon after a fault', { given: range(1, 50), answer: range(1, 1), troubleAt: justNow }, 49],
    ['1 of 50 long after a fault', { given: range(1, 50), answer: range(1, 1), troubleAt: NOW - 10_000 }, 0],
    ['1 of 50 without a fault', { given: range(1, 50), answer: range(1, 1) }, 0],
    ['a scaling from 3 to 1', { given: range(1, 3), answer: range(1, 1) }, 0],
    ['a scaling from 3 to 1 soon after a fault', { given: range(1, 3), answer: range(1, 1), troubleAt: justNow }, 2],
    ['a half that vanished', { given: range(1, 4), answer: range(1, 2), troubleAt: justNow }, 0],
    ['more than a half that vanished', { given: range(1, 5), answer: range(1, 2), troubleAt: justNow }, 3],
    ['four replaced by four', { given: range(1, 4), answer: range(5, 8), troubleAt: justNow }, 0],
    [
      'four replaced by four that start',
      { given: range(1, 4), answer: range(5, 8, 'critical'), troubleAt: justNow },
      0,
    ],
    ['four replaced by three', { given: range(1, 4), answer: range(5, 7), troubleAt: justNow }, 4],
    ['all critical now', { given: range(1, 4), answer: range(1, 4, 'critical'), troubleAt: justNow }, 0],
    ['critical ones that were removed', { given: range(1, 4, 'critical'), answer: [] }, 0],
    [
      'the critical ones alone',
      { given: [...range(1, 4), ...range(5, 8, 'critical')], answer: range(5, 8, 'critical'), troubleAt: justNow },
      4,
    ],
  ])('%s: keeps what it should', (_what, facts, kept) => {
    const ruling = judge(facts);
    expect(ruling.kept).toHaveLength(kept);
    expect(ruling.doubt === undefined).toBe(kept === 0);
    expect(ruling.instances).toEqual([...(facts.answer ?? []), ...ruling.kept]);
  });
});

describe('a doubt that has begun', () => {
  const began = judge({ given: range(1, 50), answer: range(1, 1), troubleAt: NOW - 1 });
  const later = (facts: Partial<DoubtFacts>) =>
    judge({ given: began.instances, doubt: began.doubt, answer: range(1, 1), troubleAt: NOW - 1, ...facts });

  it('goes on with the same beginning', () => {
    const ruling = later({ now: NOW + 5_000 });
    expect(ruling.doubt).toBe(began.doubt);
    expect(ruling.kept).toHaveLength(49);
  });

  it('ends once the registry has been sound for 10 s', () => {
    expect(later({ now: NOW + 9_999 }).kept).toHaveLength(49);
    expect(later({ now: NOW + 10_000 })).toEqual({ instances: range(1, 1), kept: [], doubt: undefined });
  });

  it('goes on while there is new trouble, for 60 s at most', () => {
    expect(later({ now: NOW + 59_999, troubleAt: NOW + 55_000 }).kept).toHaveLength(49);
    expect(later({ now: NOW + 60_000, troubleAt: NOW + 55_000 }).kept).toHaveLength(0);
    expect(doubtEndsAt({ since: 100, known: [], ids: new Set() }, 5_000)).toBe(15_000);
    expect(doubtEndsAt({ since: 100, known: [], ids: new Set() }, 55_000)).toBe(60_100);
  });

  it('keeps the rest while instances return one by one, beyond the half', () => {
    expect(later({ answer: range(1, 40), now: NOW + 1_000 }).kept).toEqual(range(41, 50));
    expect(later({ answer: range(1, 50), now: NOW + 1_000 }).doubt).toBeUndefined();
  });

  it('ends as soon as newcomers make up for the vanished', () => {
    expect(later({ answer: range(51, 99), now: NOW + 1_000 }).kept).toHaveLength(50);
    expect(later({ answer: range(51, 100), now: NOW + 1_000 }).kept).toHaveLength(0);
  });

  it('lets go of an instance to which a connection was refused, and of no other incarnation', () => {
    const refused = new Set([incarnationOf(instance('7')), incarnationOf({ id: '8', nonce: 'another' })]);
    const { kept, doubt } = later({ refused, now: NOW + 1_000 });
    expect(kept.map(({ id }) => id)).not.toContain('7');
    expect(kept).toHaveLength(48);
    expect(doubt).toBeDefined();
    const all = new Set(range(2, 50).map(incarnationOf));
    expect(later({ refused: all, now: NOW + 1_000 }).doubt).toBeUndefined();
  });

  it('does not take the critical ones that were known for newcomers', () => {
    const given = [...range(1, 4), ...range(5, 8, 'critical')];
    const first = judge({ given, answer: range(5, 8, 'critical'), troubleAt: NOW });
    const second = judge({ ...first, given: first.instances, answer: range(5, 8, 'critical'), troubleAt: NOW });
    expect(second.kept).toEqual(range(1, 4));
  });
});
