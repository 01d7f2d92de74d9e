import { fakeResolver } from 'rollcall/testing';
import type { ResolvedService } from 'rollcall/discovery';
import { seededRandom } from '../../support/seeded.js';
import { roundRobinPicker } from '../peers/contenders/grpc-picker.js';
import { shuffled } from '../shuffled.js';
import type { Cost, PickContestant, PickPlan, PickRow } from '../pick/judge-pick.js';
import { plan, reportRow, stayAlive } from './report-row.js';

const { rounds, seed, picks, instances, inFlight } = plan<PickPlan>();
const release = stayAlive();
const random = seededRandom(seed);
const FEW_PICKS = 6_400;

const origins = Array.from({ length: instances }, (_, index) => `http://127.0.0.1:${10_000 + index}`);
const resolver = fakeResolver({ orders: origins });

/** Takes turns of `inFlight` picks and as many ends, and gives the nanoseconds of a pick, and of a pick with its end. */
function picking(service: ResolvedService): (count: number) => Cost {
  const calls = Array.from({ length: inFlight }, () => service.pick());
  return (count) => {
    let pickNs = 0n;
    const startedAt = process.hrtime.bigint();
    for (let turn = 0; turn < count / inFlight; turn += 1) {
      for (const call of calls) call.done('ok');
      const from = process.hrtime.bigint();
      for (let index = 0; index < inFlight; index += 1) calls[index] = service.pick();
      pickNs += process.hrtime.bigint() - from;
    }
    return { pick: Number(pickNs) / count, whole: Number(process.hrtime.bigint() - startedAt) / count };
  };
}

function pickingOfGrpc(): (count: number) => Cost {
  const picker = roundRobinPicker(origins);
  const args = { metadata: {}, extraPickInfo: {} };
  const calls: object[] = new Array<object>(inFlight).fill(args);
  return (count) => {
    let pickNs = 0n;
    for (let turn = 0; turn < count / inFlight; turn += 1) {
      const from = process.hrtime.bigint();
      for (let index = 0; index < inFlight; index += 1) calls[index] = picker.pick(args);
      pickNs += process.hrtime.bigint() - from;
    }
    return { pick: Number(pickNs) / count, whole: Number(pickNs) / count };
  };
}

function readingClock(count: number): Cost {
  let sum = 0;
  const startedAt = process.hrtime.bigint();
  for (let turn = 0; turn < count; turn += 1) sum += performance.now() - performance.now();
  const whole = Number(process.hrtime.bigint() - startedAt) / count;
  if (Number.isNaN(sum)) throw new Error('the clock does not count');
  return { pick: whole, whole };
}

const ofGrpc = pickingOfGrpc();
const contestants: Readonly<Record<PickContestant, (count: number) => Cost>> = {
  roundRobin: picking(resolver.service('orders', { balance: 'roundRobin' })),
  random: picking(resolver.service('orders', { balance: 'random' })),
  p2c: picking(resolver.service('orders', { balance: 'p2c' })),
  grpc: ofGrpc,
  grpcAgain: ofGrpc,
  clock: readingClock,
};
const collect = (globalThis as { gc?: () => void }).gc!;

/** What a pick leaves behind before it is collected: few enough are made for the young generation to hold them. */
function bytesOf(run: (count: number) => Cost): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  run(FEW_PICKS);
  return (process.memoryUsage().heapUsed - before) / FEW_PICKS;
}

for (const run of Object.values(contestants)) for (let warm = 0; warm < 5; warm += 1) run(picks);
for (let round = 1; round <= rounds; round += 1) {
  const nanoseconds = {} as Record<PickContestant, Cost>;
  for (const who of shuffled(Object.keys(contestants) as PickContestant[], random)) {
    collect();
    nanoseconds[who] = contestants[who](picks);
  }
  const bytes = {
    roundRobin: bytesOf(contestants.roundRobin),
    random: bytesOf(contestants.random),
    p2c: bytesOf(contestants.p2c),
  };
  reportRow({ nanoseconds, bytes } satisfies PickRow);
}
await resolver.close();
release();
