import { fileURLToPath } from 'node:url';
import { runToEnd } from './run-to-end.js';
import type { Ended } from './run-to-end.js';
import type { Target } from './targets.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ProofVerdict {
  readonly problems: readonly string[];
  readonly output: string;
}

/** Runs one of `npm run prove` on a server; words as its command line has them. */
export async function runProof(target: Target, program: string, words: readonly string[]): Promise<ProofVerdict> {
  const { code, output } = await runWith(target, program, ['test/prove/run.ts', ...words]);
  const problems = output.split('\n').flatMap((line) => (line.startsWith('BROKEN ') ? [line.slice(7)] : []));
  if (code !== 0 && problems.length === 0) problems.push(`it ended with exit code ${String(code)}`);
  return { problems, output };
}

/** Runs a program of this folder on a server. */
export function runScript(target: Target, program: string, script: string): Promise<Ended> {
  return runWith(target, program, [`test/servers/${script}`]);
}

function runWith({ variable }: Target, program: string, words: readonly string[]): Promise<Ended> {
  const env = { [variable]: program };
  return runToEnd(process.execPath, ['--import', 'tsx', ...words], { cwd: root, env });
}
