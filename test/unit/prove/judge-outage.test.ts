import { describe, expect, it } from 'vitest';
import { judgeOutage } from '../../prove/outage/judge-outage.js';
import type { OutageEvent } from '../../prove/outage/judge-outage.js';

const counts = { tookMs: 10_000, lookups: 40_000, errors: 0, dishonest: 0, controlErrors: undefined };
const healed = { healedMs: 900, allowedMs: 1_250 };
const dark: OutageEvent = {
  ...counts,
  ...healed,
  registry: 'consul',
  scenario: 'dark',
  requestsPerSecond: 1,
  controlErrors: 9,
};
const halfOpen: OutageEvent = {
  ...counts,
  registry: 'etcd',
  scenario: 'half-open',
  healedMs: 7_000,
  allowedMs: 16_250,
};
const emptied: OutageEvent = { ...counts, registry: 'etcd', scenario: 'emptied', heldMs: 10_001 };
const good = [dark, halfOpen, emptied];

describe('the judge of outages', () => {
  it('finds nothing wrong with a good history, and counts', () => {
    expect(judgeOutage(good, good)).toEqual({
      problems: [],
      figures: {
        outages: 3,
        lookups: 120_000,
        errors: 0,
        controlErrors: 9,
        dishonest: 0,
        worstHealedMs: 900,
        worstHalfOpenMs: 7_000,
        mostRequestsPerSecond: 1,
        longestDoubtMs: 10_001,
      },
    });
  });

  it.each<[words: string, wrong: OutageEvent]>([
    ['dark of consul: 3 of 40000 lookups gave too few instances', { ...dark, errors: 3 }],
    ['dark of consul: 2 of 40000 lookups gave a wrong age', { ...dark, dishonest: 2 }],
    ['dark of consul: the truth after 1251 ms, 1250 are allowed', { ...dark, healedMs: 1_251 }],
    ['dark of consul: the truth after Infinity ms', { ...dark, healedMs: Infinity }],
    ['dark of consul: the truth after NaN ms', { ...dark, healedMs: NaN }],
    ['dark of consul: 1.2 requests a second', { ...dark, requestsPerSecond: 1.2 }],
    ['dark of consul: the control had no error', { ...dark, controlErrors: 0 }],
    ['dark of consul: only 9999 lookups', { ...dark, lookups: 9_999 }],
    ['emptied of etcd: the doubt held for 9000 ms', { ...emptied, heldMs: 9_000 }],
    ['emptied of etcd: the doubt held for Infinity ms', { ...emptied, heldMs: Infinity }],
    ['scale-down of redis: 1 doubts', { ...counts, ...healed, registry: 'redis', scenario: 'scale-down', doubts: 1 }],
    ['restart of etcd: its end was not measured', { ...counts, registry: 'etcd', scenario: 'restart' }],
  ])('finds: %s', (words, wrong) => {
    expect(judgeOutage([wrong], [wrong]).problems.join('\n')).toContain(words);
  });

  it('misses what was not measured', () => {
    expect(judgeOutage([dark], good).problems).toEqual([
      'no samples of half-open of etcd: this run proves nothing about it',
      'no samples of emptied of etcd: this run proves nothing about it',
    ]);
    expect(judgeOutage([], []).problems).toEqual(['nothing was to be measured']);
  });
});
