import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAtLeast } from '../support/servers/server-versions.js';
import { runToEnd } from './run-to-end.js';
import type { Source } from './targets.js';

const LEAST_GO = '1.26';

const modules = fileURLToPath(new URL('../support/servers/', import.meta.url));

/** What stands in the way of a build, in one line. */
export async function findGoFault(): Promise<string | undefined> {
  const { code, output } = await runToEnd('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } });
  const [, version] = /go(\d+\.\d+(\.\d+)?)/.exec(output) ?? [];
  if (code !== 0 || version === undefined) return `Go ${LEAST_GO} or later is not on PATH`;
  return isAtLeast(version, LEAST_GO) ? undefined : `Go ${LEAST_GO} or later is needed, on PATH is ${version}`;
}

/**
 * Builds the program of a module of ours into `made`. Go compares every module with the committed sums. Its caches, which take gigabytes, are in
 * `work`, for the caller to remove.
 */
export async function buildGoServer(
  source: Extract<Source, { kind: 'go' }>,
  made: string,
  work: string,
): Promise<void> {
  const words = ['build', '-mod=readonly', '-trimpath', '-modcacherw', '-o', made, source.package];
  const { code, output } = await runToEnd('go', words, {
    cwd: join(modules, source.module),
    env: {
      GOMODCACHE: join(work, 'modules'),
      GOCACHE: join(work, 'build'),
      GOTMPDIR: work,
      GOTOOLCHAIN: 'local',
      GOWORK: 'off',
      CGO_ENABLED: '0',
    },
  });
  if (code !== 0) throw new Error(`go ${words.join(' ')} in ${source.module} failed:\n${output.slice(-2_000)}`);
}
