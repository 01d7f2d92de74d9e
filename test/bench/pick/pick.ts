import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { spreadTable } from '../../prove/experiment/table.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { judgePick } from './judge-pick.js';
import type { PickPlan, PickRow } from './judge-pick.js';

const ROUNDS = 40;

/** What it costs to pick an instance and to say `done`, with 64 calls in flight. */
export async function pick(lab: Lab): Promise<Verdict> {
  const history = lab.record<PickRow>();
  await buildWorkloads();
  const plan: PickPlan = {
    rounds: lab.runs ?? ROUNDS,
    seed: lab.seed,
    picks: 200_000,
    instances: 8,
    inFlight: 64,
  };
  await runWorkload<PickRow>('pick', plan, (row) => history.note(row));
  const verdict = judgePick(history.events);
  const { roundRobinOverGrpc, grpcOverGrpc, p2cOverTwoClockReads, nanoseconds, bytes } = verdict.figures;
  lab.say(
    spreadTable({
      'round robin / the picker of grpc-js': roundRobinOverGrpc,
      'the picker of grpc-js / itself (noise)': grpcOverGrpc,
      'the less loaded of two / two clock reads': p2cOverTwoClockReads,
      'round robin, ns': nanoseconds.roundRobin,
      'random, ns': nanoseconds.random,
      'the less loaded of two, ns': nanoseconds.p2c,
      'grpc-js, ns': nanoseconds.grpc,
      'two clock reads, ns': nanoseconds.clock,
      'bytes of a pick, round robin': bytes.roundRobin,
      'bytes of a pick, the less loaded of two': bytes.p2c,
    }),
  );
  return verdict;
}
