import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeReport } from './judge-report.js';
import type { Report, ReportVerdict } from './judge-report.js';
import { runToEnd } from './run-to-end.js';
import type { Impossible, Target } from './targets.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs test files on a server; all but those that are impossible there. Resolves with the verdict and what the runner printed. */
export async function runTests(
  { variable, impossible }: Target,
  program: string,
  files: readonly string[],
): Promise<ReportVerdict & { readonly output: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-report-'));
  const file = join(folder, 'report.json');
  try {
    const words = ['run', '--config', 'test/vitest.config.ts', '--project', 'real', ...files];
    const { output } = await runToEnd(
      process.execPath,
      [
        join('node_modules', 'vitest', 'vitest.mjs'),
        ...words,
        '--reporter=default',
        '--reporter=json',
        `--outputFile.json=${file}`,
        ...(impossible.length === 0 ? [] : ['--testNamePattern', allBut(impossible)]),
      ],
      { cwd: root, env: { [variable]: program, FORCE_COLOR: '0' } },
    );
    const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : undefined;
    return { ...judgeReport(report, impossible, files), output };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function allBut(impossible: readonly Impossible[]): string {
  const escaped = impossible.map(({ test }) => test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return `^(?!.*(?:${escaped.join('|')}))`;
}
