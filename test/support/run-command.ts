import type { Command, ExitStatus } from '../../src/cli/command.js';

/** Runs one command of the program to its end. Resolves to its exit status and to all that it has written. */
export async function runCommand(
  command: Command,
  words: readonly string[],
  signal = new AbortController().signal,
): Promise<{ status: ExitStatus; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const status = await command(words, { out: (line) => out.push(line), err: (line) => err.push(line) }, signal);
  return { status, out, err };
}
