import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dieWithUs } from '../support/servers/die-with-us.js';

const projectRoot = fileURLToPath(new URL('../../', import.meta.url));
const compiled = `${projectRoot}.cache/bench/`;

/**
 * Builds the package, and compiles the workloads beside it. What is measured must run as it is shipped, in plain Node: a
 * loader that compiles on the fly takes time of its own and adds calls to the hot path. Rejects with the compiler's words.
 */
export async function buildWorkloads(): Promise<void> {
  const run = (...words: string[]) => promisify(execFile)(process.execPath, words, { cwd: projectRoot });
  await run('.ci/build.mjs').catch(fail);
  await rm(compiled, { recursive: true, force: true });
  await run('node_modules/typescript/bin/tsc', '-p', 'test/bench/tsconfig.json', '--noEmitOnError').catch(fail);
}

function fail(thrown: Error & { stdout?: string; stderr?: string }): never {
  throw new Error(`What is to be measured does not build:\n${thrown.stdout ?? ''}${thrown.stderr ?? ''}`, {
    cause: thrown,
  });
}

/** Where a compiled workload is. */
export function workloadFile(name: string): string {
  return `${compiled}test/bench/workloads/${name}.js`;
}

/** Runs a compiled workload in a process of its own and hands over each row it reports. Rejects when it fails. */
export async function runWorkload<Row>(
  name: string,
  plan: object,
  onRow: (row: Row) => void,
  nodeFlags: readonly string[] = [],
): Promise<void> {
  const words = ['--expose-gc', ...nodeFlags, workloadFile(name), JSON.stringify(plan)];
  // Rows come over a pipe of their own: what the library logs goes where the logs of an app go.
  const child = spawn(process.execPath, words, {
    cwd: projectRoot,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: plainEnvironment(),
  });
  const callOff = dieWithUs(child.pid ?? 0);
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => onRow(JSON.parse(line) as Row));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  callOff();
  if (code !== 0) throw new Error(`The workload ${name} ended with ${signal ?? `exit code ${code}`}`);
}

/** Without what a parent's loader may have put there for its children. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _loader, ...environment } = process.env;
  return environment;
}
