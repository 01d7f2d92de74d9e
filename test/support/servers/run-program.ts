import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a program to its end; resolves to what it printed. Rejects with what it complained of. */
export async function runProgram(
  program: string,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await run(program, words, { env: { ...process.env, ...env }, timeout: 30_000 });
  return stdout;
}
