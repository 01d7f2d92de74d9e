import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SILENCE_FLOOR_MS, provingSilenceMs } from '../../../src/shutdown/quiet-period.js';
import { Source } from '../../../src/server/sources.js';
import { seededRandom } from '../../support/seeded.js';

const pace = (gaps: number, meanGapMs: number, longestGapMs = meanGapMs) => ({
  address: 'x',
  lastAt: 0,
  gaps,
  meanGapMs,
  longestGapMs,
});

describe('the silence that proves a source gone', () => {
  it('is the floor for a single request, which shows no pace, and for a fast source', () => {
    expect(provingSilenceMs(pace(0, 0))).toBe(SILENCE_FLOOR_MS);
    expect(provingSilenceMs(pace(32, 20))).toBe(SILENCE_FLOOR_MS);
  });

  it('is some 17 mean gaps of a pace that is well known, 30 of ten gaps, and hopeless for one', () => {
    expect(provingSilenceMs(pace(32, 1_000)) / 1_000).toBeCloseTo(17.3, 1);
    expect(provingSilenceMs(pace(10, 1_000)) / 1_000).toBeCloseTo(29.8, 1);
    expect(provingSilenceMs(pace(1, 1_000))).toBeGreaterThan(1e8);
  });

  it('is longer than any silence that the source has just broken', () => {
    expect(provingSilenceMs(pace(32, 20, 4_000))).toBe(6_000);
  });

  it('is never under the floor, never under the 13.8 gaps of a pace known for certain, and never shorter for a slower source', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 32 }),
        fc.double({ min: 0, max: 1e5, noNaN: true }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        (gaps, mean, slower) => {
          const silence = provingSilenceMs(pace(gaps, mean));
          expect(silence).toBeGreaterThanOrEqual(Math.max(SILENCE_FLOOR_MS, Math.log(1e6) * mean));
          expect(provingSilenceMs(pace(gaps, mean * slower))).toBeGreaterThanOrEqual(silence);
        },
      ),
    );
  });

  it('is not reached by chance: a million random gaps of sources at many paces break none', () => {
    const random = seededRandom(7);
    for (const meanMs of [100, 500, 2_000]) {
      const source = new Source('x', 0);
      let now = 0;
      let early = 0;
      for (let i = 0; i < 333_333; i += 1) {
        const gap = -Math.log(1 - random()) * meanMs;
        if (source.gaps > 0 && gap > provingSilenceMs(source)) early += 1;
        now += gap;
        source.arrived(now);
      }
      expect(early).toBeLessThanOrEqual(1);
    }
  });
});
