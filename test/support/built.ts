import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type * as Rollcall from '../../src/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The package as it is shipped, loaded by Node alone: a worker thread starts from there only. `npm test` builds it first. */
export function builtRollcall(): typeof Rollcall {
  return createRequire(import.meta.url)(`${root}dist/cjs/index.js`) as typeof Rollcall;
}

/** Builds it anew, for whoever is not run by `npm test`. Rejects with the compiler's words. */
export async function buildPackage(): Promise<void> {
  await promisify(execFile)(process.execPath, [`${root}.ci/build.mjs`], { cwd: root });
}
