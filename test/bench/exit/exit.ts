import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Lab, Verdict } from '../../prove/experiment/experiment.js';
import { spreadTable } from '../../prove/experiment/table.js';
import { seededRandom } from '../../support/seeded.js';
import { startConsul } from '../../support/servers/consul-server.js';
import { dieWithUs } from '../../support/servers/die-with-us.js';
import { rawConsul } from '../../support/servers/raw-consul.js';
import type { RawConsul } from '../../support/servers/raw-consul.js';
import { shuffled } from '../shuffled.js';
import { buildWorkloads, plainEnvironment, workloadFile } from '../workload.js';
import { judgeExit } from './judge-exit.js';
import type { Contestant, ExitEvent, ExitRow, ExitWorkloadPlan } from './judge-exit.js';

const PAIRS = 40;
const contestants: readonly Contestant[] = ['bare', 'bareAgain', 'off', 'offAgain', 'blind', 'dialogue'];

/** What leaving the registry adds to an exit, and to the memory of the process before it. */
export async function exit(lab: Lab): Promise<Verdict> {
  const history = lab.record<ExitEvent>();
  await buildWorkloads();
  const consul = await startConsul();
  const raw = rawConsul(consul.url);
  try {
    const random = seededRandom(lab.seed);
    // What has been read once comes from memory.
    for (const contestant of contestants)
      await runHost({ url: consul.url, name: `warm-${contestant}`, contestant }, raw);
    for (let pair = 1; pair <= (lab.runs ?? PAIRS); pair += 1) {
      const order = shuffled([...contestants], random);
      const none = () => ({ bare: 0, bareAgain: 0, off: 0, offAgain: 0, blind: 0, dialogue: 0 });
      const event: ExitEvent = { pair, order, ms: none(), residentBytes: none(), left: none() };
      for (const contestant of order) {
        const plan = { url: consul.url, name: `${contestant}-${pair}`, contestant };
        const { ms, residentBytes, left } = await runHost(plan, raw);
        event.ms[contestant] = ms;
        event.residentBytes[contestant] = residentBytes;
        event.left[contestant] = left;
      }
      history.note(event);
    }
  } finally {
    raw.close();
    await consul.stop();
  }
  const verdict = judgeExit(history.events);
  const { blindMs, dialogueMs, noiseMs, offMs, bareMs, memoryKb, memoryNoiseKb, leftBehind } = verdict.figures;
  lab.say(
    spreadTable({
      'leaving without a look, ms over a bare exit': blindMs,
      'leaving after a look, ms over a bare exit': dialogueMs,
      'bare exit over a bare exit (noise), ms': noiseMs,
      'registered and not leaving, ms over a bare exit': offMs,
      'bare exit, ms': bareMs,
      'memory, kB over registered and not leaving': memoryKb,
      'the same against itself (noise), kB either way': memoryNoiseKb,
    }),
  );
  lab.say(`${leftBehind} entries were there after the process was gone`);
  return verdict;
}

async function runHost(
  plan: ExitWorkloadPlan,
  raw: RawConsul,
): Promise<{ ms: number; residentBytes: number; left: number }> {
  const words = ['--expose-gc', workloadFile('exit'), JSON.stringify(plan)];
  const child = spawn(process.execPath, words, {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: plainEnvironment(),
  });
  const callOff = dieWithUs(child.pid ?? 0);
  let row: ExitRow | undefined;
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => (row = JSON.parse(line) as ExitRow));
  const closed = once(child, 'close');
  const [code] = (await once(child, 'exit')) as [number | null];
  const goneAtNs = process.hrtime.bigint();
  const answer = await raw.get(`/v1/health/service/${plan.name}`);
  await closed;
  callOff();
  if (code !== 0 || row === undefined) throw new Error(`The host ${plan.name} ended with exit code ${String(code)}`);
  const ms = Number(goneAtNs - BigInt(row.exitsAtNs)) / 1e6;
  return { ms, residentBytes: row.residentBytes, left: answer.json<unknown[]>().length };
}
