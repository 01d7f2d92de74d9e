import { seededRandom } from '../../support/seeded.js';
import { startConsul } from '../../support/servers/consul-server.js';
import type { Experiment } from '../experiment/experiment.js';
import { judgeNoResurrection } from './judge-no-resurrection.js';
import type { Life } from './judge-no-resurrection.js';
import { simulate } from './simulate.js';
import { stopOnStuckAgent, stopTheUsualWay } from './stuck-agent.js';

const SIMULATED_LIVES = 10_000;
const REAL_LIVES = 50;
const CONTROLS = 10;

/**
 * After `deregistered` nothing is listed and nothing registers: in seeded interleavings of start, beat, loss, update and stop
 * on the injected clock, and on a real agent that was paused with a register of ours on the wire. `--runs N` plays N
 * simulated lives; `--runs 1 --seed S` plays one again and prints its timeline.
 */
export const noResurrection: Experiment = async (lab) => {
  const history = lab.record<Life>();
  const lives = lab.runs ?? SIMULATED_LIVES;
  for (let number = 0; number < lives; number += 1) {
    const { timeline, ...life } = await simulate(lab.seed + number);
    history.note({ kind: 'simulated', ...life });
    if (lives === 1 || life.violations.length > 0) lab.say([`seed ${String(life.seed)}`, ...timeline].join('\n'));
    if ((number + 1) % 1_000 === 0) {
      lab.say(`${String(number + 1)} simulated lives`);
      history.flush();
    }
  }
  const real = Math.min(REAL_LIVES, lives);
  const random = seededRandom(lab.seed);
  const agent = await startConsul();
  try {
    for (let run = 1; run <= real; run += 1) {
      history.note(await stopOnStuckAgent(agent, run, random));
      if (run % 10 === 0) lab.say(`${String(run)} lives on a real agent`);
    }
    for (let run = 1; run <= Math.min(CONTROLS, real); run += 1) history.note(await stopTheUsualWay(agent, run));
  } finally {
    await agent.stop();
  }
  history.flush();
  return judgeNoResurrection(history.events);
};
