import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { spreadTable } from '../../prove/experiment/table.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { buildWorkloads, runWorkload } from '../workload.js';
import { judgeVisible } from './judge-visible.js';
import type { VisiblePlan, VisibleRow } from './judge-visible.js';

const PAIRS = 300;

/** How much later a start of ours is visible to readers than a raw PUT of the same entry. */
export async function visible(lab: Lab): Promise<Verdict> {
  const history = lab.record<VisibleRow>();
  await buildWorkloads();
  const consul = await startConsul();
  try {
    const plan: VisiblePlan = { url: consul.url, pairs: lab.runs ?? PAIRS, seed: lab.seed };
    await runWorkload<VisibleRow>('visible', plan, (row) => history.note(row));
  } finally {
    await consul.stop();
  }
  const verdict = judgeVisible(history.events);
  const { ratio, ratioFresh, ratioOfTheSame, listedMs, oursPassingMs } = verdict.figures;
  lab.say('from the call to the first sight in health/service');
  lab.say(
    spreadTable({
      'ours / a raw PUT': ratio,
      'the same where both connect first': ratioFresh,
      'raw / raw (noise)': ratioOfTheSame,
      'ours listed, ms': listedMs.ours,
      'ours listed, connects first, ms': listedMs.oursFresh,
      'ours passing, ms': oursPassingMs,
      'raw listed, ms': listedMs.raw,
      'raw listed, connects first, ms': listedMs.rawFresh,
    }),
  );
  return verdict;
}
