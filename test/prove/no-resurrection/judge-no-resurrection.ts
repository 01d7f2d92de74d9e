import type { Verdict } from '../experiment/experiment.js';
import { findUnmeasured } from '../experiment/find-unmeasured.js';

/** One simulated life, or one life on a real agent. */
export type Life =
  | {
      readonly kind: 'simulated';
      readonly seed: number;
      readonly violations: readonly string[];
      readonly confirmed: boolean;
      readonly wasRegistered: boolean;
      readonly cutOff: boolean;
    }
  | {
      readonly kind: 'real';
      readonly run: number;
      readonly writeOnTheWire: boolean;
      readonly confirmed: boolean;
      readonly registersAfterwards: number;
      readonly samples: number;
      readonly listedSamples: number;
      readonly presentAtEnd: boolean;
    }
  | { readonly kind: 'control'; readonly run: number; readonly presentAtEnd: boolean };

/** After `deregistered` nothing is listed and nothing registers; and the experiment has really met the race it is about. */
export function judgeNoResurrection(lives: readonly Life[]): Verdict {
  const simulated = lives.filter((life) => life.kind === 'simulated');
  const real = lives.filter((life) => life.kind === 'real');
  const controls = lives.filter((life) => life.kind === 'control');
  const broken = simulated.filter(({ violations }) => violations.length > 0);
  const problems = broken.map(({ seed, violations }) => `seed ${String(seed)}: ${violations.join('; ')}`);
  const lengths = { 'the simulated lives': simulated, 'the real lives': real, 'the control': controls };
  for (const [name, { length: n }] of Object.entries(lengths)) problems.push(...findUnmeasured({ [name]: { n } }));
  for (const { run, samples, listedSamples, registersAfterwards, presentAtEnd, writeOnTheWire } of real) {
    problems.push(...findUnmeasured({ [`looks after 'deregistered' (run ${String(run)})`]: { n: samples } }));
    if (!writeOnTheWire)
      problems.push(`run ${String(run)}: no write was on the wire when stop began, so it shows nothing`);
    if (listedSamples > 0)
      problems.push(`run ${String(run)}: listed in ${String(listedSamples)} samples after 'deregistered'`);
    if (registersAfterwards > 0)
      problems.push(`run ${String(run)}: ${String(registersAfterwards)} writes were sent after 'deregistered'`);
    if (presentAtEnd) problems.push(`run ${String(run)}: the entry is back`);
  }
  if (simulated.length > 0 && !simulated.some(({ cutOff }) => cutOff))
    problems.push('no simulated life had a request on the wire when stop began');
  if (controls.length > 0 && !controls.some(({ presentAtEnd }) => presentAtEnd))
    problems.push('the control did not fail: one deregister and no look would have been enough');
  return {
    problems,
    figures: {
      simulated: simulated.length,
      simulatedRegistered: simulated.filter(({ wasRegistered }) => wasRegistered).length,
      simulatedCutOff: simulated.filter(({ cutOff }) => cutOff).length,
      simulatedConfirmed: simulated.filter(({ confirmed }) => confirmed).length,
      simulatedBroken: broken.length,
      real: real.length,
      realConfirmed: real.filter(({ confirmed }) => confirmed).length,
      realResurrected: real.filter(({ presentAtEnd }) => presentAtEnd).length,
      controls: controls.length,
      controlsResurrected: controls.filter(({ presentAtEnd }) => presentAtEnd).length,
    },
  };
}
