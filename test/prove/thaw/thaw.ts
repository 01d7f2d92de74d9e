import { seededRandom } from '../../support/seeded.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { Experiment } from '../experiment/experiment.js';
import { table } from '../experiment/table.js';
import { criticalAfterPassing } from './critical-after-passing.js';
import { judgeThaw } from './judge-thaw.js';
import type { GivenUp, ThawEvent } from './judge-thaw.js';
import { registerThenStop } from './register-then-stop.js';

const RUNS = 100;
/** Side by side on one agent, which takes 200 connections from one host. */
const AT_ONCE = 10;
const WAYS: readonly GivenUp[] = ['kept open', 'FIN', 'RST'];

/**
 * What a real agent that was frozen makes of requests that piled up, in no order: passing heartbeats and then a critical
 * one, and a register that was given up and then a stop.
 */
export const thaw: Experiment = async (lab) => {
  const history = lab.record<ThawEvent>();
  const random = seededRandom(lab.seed);
  const agent = await startConsul();
  const note = (events: readonly ThawEvent[], what: string) => {
    for (const event of events) history.note(event);
    history.flush();
    lab.say(what);
  };
  try {
    for (const runs of batches(lab.runs ?? RUNS)) {
      const last = String(runs.at(-1));
      note(await criticalAfterPassing(agent, runs), `critical after passing: ${last}`);
      for (const way of WAYS)
        note(await registerThenStop(agent, runs, way, random), `a register given up, ${way}: ${last}`);
    }
  } finally {
    await agent.stop();
  }
  const verdict = judgeThaw(history.events);
  const { critical, absent, plainCritical, plainAbsent } = verdict.figures;
  lab.say(
    table(
      ['', 'critical in the end', 'absent in the end'],
      [
        ['ours', critical, absent],
        ['without anything after it', plainCritical, plainAbsent],
      ],
    ),
  );
  return verdict;
};

function* batches(runs: number): Generator<readonly number[]> {
  for (let from = 1; from <= runs; from += AT_ONCE)
    yield Array.from({ length: Math.min(AT_ONCE, runs - from + 1) }, (_, at) => from + at);
}
