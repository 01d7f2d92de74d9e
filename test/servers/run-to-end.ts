import { spawn } from 'node:child_process';

export interface Ended {
  /** Undefined: it could not be started, or was killed. */
  readonly code: number | undefined;
  /** Both of its outputs. */
  readonly output: string;
}

/** Runs a program with our environment and more. Never rejects: a program that is not there has no exit code. */
export function runToEnd(
  program: string,
  words: readonly string[],
  { cwd, env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.once('error', (error) => resolve({ code: undefined, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? undefined, output }));
  });
}
