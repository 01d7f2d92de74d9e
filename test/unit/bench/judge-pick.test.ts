import { expect, it } from 'vitest';
import { judgePick } from '../../bench/pick/judge-pick.js';
import type { PickRow } from '../../bench/pick/judge-pick.js';

const cost = (pick: number, whole = pick) => ({ pick, whole });
const row: PickRow = {
  nanoseconds: {
    roundRobin: cost(15, 40),
    random: cost(20, 45),
    p2c: cost(100, 150),
    grpc: cost(10),
    grpcAgain: cost(10),
    clock: cost(80),
  },
  bytes: { roundRobin: 56, random: 56, p2c: 120 },
};

it('judges a pick alone against that of grpc-js, and one with its end against the clock', () => {
  expect(judgePick([row])).toMatchObject({
    problems: [],
    figures: { roundRobinOverGrpc: { p50: 1.5 }, p2cOverTwoClockReads: { p50: 1.875 } },
  });
});

it('sees each bar that is not reached', () => {
  const slow = {
    nanoseconds: { ...row.nanoseconds, roundRobin: cost(25), p2c: cost(200, 300) },
    bytes: { ...row.bytes, p2c: 200 },
  };
  expect(judgePick([slow]).problems).toHaveLength(3);
  expect(judgePick([]).problems.length).toBeGreaterThan(0);
});
