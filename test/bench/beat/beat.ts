import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { spreadTable } from '../../prove/experiment/table.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { judgeBeat } from './judge-beat.js';
import type { BeatPlan, BeatRow } from './judge-beat.js';

const PAIRS = 40;
const BEATS = 2_000;

/** What a heartbeat costs the host's CPU, over a raw PUT of the same bytes to the same agent. */
export async function beat(lab: Lab): Promise<Verdict> {
  const history = lab.record<BeatRow>();
  await buildWorkloads();
  const consul = await startConsul();
  try {
    const plan: BeatPlan = { url: consul.url, pairs: lab.runs ?? PAIRS, beats: BEATS, seed: lab.seed };
    await runWorkload<BeatRow>('beat', plan, (row) => history.note(row));
  } finally {
    await consul.stop();
  }
  const verdict = judgeBeat(history.events);
  const { cpuRatio, cpuRatioOfTheSame, cpuUs, wallUs } = verdict.figures;
  lab.say(`${BEATS} beats in a row, one after another, a measurement`);
  lab.say(
    spreadTable({
      'CPU, ours / raw': cpuRatio,
      'CPU, raw / raw (noise)': cpuRatioOfTheSame,
      'CPU of our beat, us': cpuUs.ours,
      'CPU of a raw PUT, us': cpuUs.raw,
      'time of our beat, us': wallUs.ours,
      'time of a raw PUT, us': wallUs.raw,
    }),
  );
  return verdict;
}
