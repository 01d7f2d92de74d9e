import { fileURLToPath } from 'node:url';
import { runToEnd } from './run-to-end.js';
import type { Target } from './targets.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ProofVerdict {
  readonly problems: readonly string[];
  readonly output: string;
}

/** Runs one of `npm run prove` on a server; words as its command line has them. */
export async function runProof({ variable }: Target, program: string, words: readonly string[]): Promise<ProofVerdict> {
  const { code, output } = await runToEnd(process.execPath, ['--import', 'tsx', 'test/prove/run.ts', ...words], {
    cwd: root,
    env: { [variable]: program },
  });
  const problems = output.split('\n').flatMap((line) => (line.startsWith('BROKEN ') ? [line.slice(7)] : []));
  if (code !== 0 && problems.length === 0) problems.push(`it ended with exit code ${String(code)}`);
  return { problems, output };
}
