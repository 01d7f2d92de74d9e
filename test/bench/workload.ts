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
 * Compiles the workloads and the library as the build does, to a place of their own. What is measured must run as it is
 * shipped, in plain Node: a loader that compiles on the fly adds calls of its own to the hot path.
 */
export async function compileWorkloads(): Promise<void> {
  await rm(compiled, { recursive: true, force: true });
  await promisify(execFile)(process.execPath, [`${projectRoot}node_modules/typescript/bin/tsc`, '-p', `${projectRoot}test/bench/tsconfig.json`, '--noEmitOnError']);
}

/** Where the compiled form of a file of the project is, e.g. `src/index.js`. */
export function compiledFile(path: string): string {
  return `${compiled}${path}`;
}

/** Runs a compiled workload in a process of its own and hands over each row it reports. Rejects when it fails. */
export async function runWorkload<Row>(name: string, plan: object, onRow: (row: Row) => void): Promise<void> {
  const words = ['--expose-gc', compiledFile(`test/bench/workloads/${name}.js`), JSON.stringify(plan)];
  // Rows come over a pipe of their own: what the library logs goes where the logs of an app go.
  const child = spawn(process.execPath, words, { cwd: projectRoot, stdio: ['ignore', 'ignore', 'inherit', 'pipe'], env: plainEnvironment() });
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
