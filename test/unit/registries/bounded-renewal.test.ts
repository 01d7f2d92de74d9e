import { describe, expect, it } from 'vitest';
import type { Renewal } from '../../../src/contracts/registry.js';
import { boundedRenewal } from '../../../src/registries/bounded-renewal.js';

const REQUESTED_MS = 10_000;
const DAY_MS = 86_400_000;
const bounded = (renewal: unknown) => boundedRenewal(renewal as Renewal, REQUESTED_MS);

describe('the answer to a beat', () => {
  it.each([1_000, 2_500.5, 10_000, 60_000])('is believed when it grants %s ms', (ttlMs) => {
    expect(bounded({ ttlMs })).toEqual({ ttlMs });
  });

  it.each([NaN, Infinity, -Infinity, -1, -0, 0, '10000', undefined, null, {}, 10n, true])(
    'counts as the TTL that was requested when it grants %s',
    (ttlMs) => {
      expect(bounded({ ttlMs })).toEqual({ ttlMs: REQUESTED_MS });
    },
  );

  it.each([
    [Number.MIN_VALUE, 600],
    [1, 600],
    [1e308, DAY_MS],
    [DAY_MS + 1, DAY_MS],
  ])('has bounds: %s ms are %s', (ttlMs, believed) => {
    expect(bounded({ ttlMs })).toEqual({ ttlMs: believed });
  });

  it('may grant as much, or as little, as was requested', () => {
    expect(boundedRenewal({ ttlMs: 5 * DAY_MS }, 5 * DAY_MS)).toEqual({ ttlMs: 5 * DAY_MS });
    expect(boundedRenewal({ ttlMs: 400 }, 400)).toEqual({ ttlMs: 400 });
  });

  it.each([
    [0, 50],
    [-1e308, 50],
    [0.001, 50],
    [49, 50],
    [51.5, 51.5],
  ])('asks for the next beat in %s ms and gets it in %s', (nextBeatInMs, believed) => {
    expect(bounded({ ttlMs: 1_000, nextBeatInMs })).toEqual({ ttlMs: 1_000, nextBeatInMs: believed });
  });

  it.each([NaN, Infinity, -Infinity, '0', null, {}])('has no hint when that is %s', (nextBeatInMs) => {
    expect(bounded({ ttlMs: 1_000, nextBeatInMs })).toEqual({ ttlMs: 1_000 });
  });

  it.each([undefined, null, 7, 'ok', []])('is none of ours, e.g. %s, and counts as accepted', (renewal) => {
    expect(bounded(renewal)).toEqual({ ttlMs: REQUESTED_MS });
  });
});
