import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sources } from '../../../src/server/sources.js';
import type { Source } from '../../../src/server/sources.js';

const MINUTE = 60_000;

function arrivals(...at: number[]): Source {
  const sources = new Sources();
  for (const time of at) sources.arrived('10.0.0.1', time);
  return sources.known(at.at(-1) ?? 0)[0]!;
}

describe('a source', () => {
  it('shows no pace with its first request, and the mean of its gaps from then on', () => {
    expect(arrivals(5)).toMatchObject({ lastAt: 5, gaps: 0, meanGapMs: 0, longestGapMs: 0 });
    expect(arrivals(0, 10, 40)).toMatchObject({ lastAt: 40, gaps: 2, meanGapMs: 20, longestGapMs: 30 });
  });

  it('follows a change of pace within some dozen requests', () => {
    const fast = Array.from({ length: 1_000 }, (_, i) => i);
    const slow = Array.from({ length: 100 }, (_, i) => 1_000 + i * 100);
    expect(arrivals(...fast, ...slow).meanGapMs).toBeGreaterThan(90);
  });

  it('remembers its longest gap for a minute and more, not for ever', () => {
    const everySecond = (from: number, to: number) =>
      Array.from({ length: (to - from) / 1_000 }, (_, i) => from + i * 1_000);
    const start = [0, 20_000];
    expect(arrivals(...start, ...everySecond(20_000, 80_000)).longestGapMs).toBe(20_000);
    expect(arrivals(...start, ...everySecond(20_000, 200_000)).longestGapMs).toBe(1_000);
  });

  it('that comes again after more than a minute is a new one', () => {
    expect(arrivals(0, 100, 200, 200 + MINUTE + 1)).toMatchObject({ gaps: 0, meanGapMs: 0, longestGapMs: 0 });
  });

  it('that is busy may rest: what was only counted came evenly, the last of it just now', () => {
    const source = arrivals(...Array.from({ length: 33 }, (_, i) => i * 4));
    expect(source).toMatchObject({ isBusy: true, lastAt: 128, meanGapMs: 4 });
    for (let i = 0; i < 100; i += 1) source.counted();
    source.settle(328);
    expect(source.lastAt).toBeCloseTo(328);
    expect(source.meanGapMs).toBeGreaterThan(2);
    expect(source.meanGapMs).toBeLessThan(3);
    expect(source.longestGapMs).toBe(4);
    source.settle(9_000);
    expect(source.lastAt).toBeCloseTo(328);
  });

  it.each([
    [32, 5], // of which too few gaps are known
    [33, 15],
  ])('is not busy with %i requests, one each %i ms', (count, gapMs) => {
    expect(arrivals(...Array.from({ length: count }, (_, i) => i * gapMs)).isBusy).toBe(false);
  });

  it('is sound whatever comes, also what is noticed late', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 10 * MINUTE }), { minLength: 1, maxLength: 100 }), (at) => {
        const source = arrivals(...at);
        expect(source.lastAt).toBe(Math.max(...at));
        expect(source.meanGapMs).toBeGreaterThanOrEqual(0);
        expect(source.meanGapMs).toBeLessThanOrEqual(source.longestGapMs);
      }),
    );
  });
});

describe('sources', () => {
  it('are one by address, IPv4 over IPv6 included', () => {
    const sources = new Sources();
    const first = sources.arrived('::ffff:10.0.0.1', 0);
    expect(sources.arrived('10.0.0.1', 1)).toBe(first);
    expect(sources.arrived('fe80::1', 1)).not.toBe(first);
    expect(sources.arrived(undefined, 1).address).toBe('unknown');
    expect(sources.known(1)).toHaveLength(3);
  });

  it('are no longer there after a minute without a request', () => {
    const sources = new Sources();
    sources.arrived('10.0.0.1', 0);
    expect(sources.known(MINUTE)).toHaveLength(1);
    expect(sources.known(MINUTE + 1)).toHaveLength(0);
  });

  it('beyond a thousand that are alive count as one, and make room when they have gone', () => {
    const sources = new Sources();
    for (let i = 0; i < 1_000; i += 1) sources.arrived(`host-${i}`, 0);
    const one = sources.arrived('late-1', 10);
    expect(sources.arrived('late-2', 20)).toBe(one);
    expect(one).toMatchObject({ address: 'others', gaps: 1, lastAt: 20 });
    const old = sources.arrived('host-0', 30);
    expect(old.retired).toBe(false);
    const afterwards = MINUTE + 100;
    const fresh = sources.arrived('late-3', afterwards);
    expect(fresh.address).toBe('late-3');
    expect(sources.known(afterwards)).toEqual([fresh]);
    for (let i = 0; i < 2_000; i += 1) sources.arrived(`next-${i}`, afterwards);
    expect(sources.known(afterwards).length).toBe(1_001);
    // A connection that is still open may bring one of those that had to go: it has to notice.
    expect(old.retired).toBe(true);
  });
});
