import type { Impossible } from './targets.js';

/** What is read of Vitest's JSON report. */
export interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface ReportVerdict {
  readonly passed: number;
  /** Each in one line; none: green. */
  readonly problems: readonly string[];
  /** Of those that cannot be run, the ones that these files have. */
  readonly left: readonly Impossible[];
}

/** Judges a run of test files. A run without tests is no run, and a file that could not be loaded is one that failed. */
export function judgeReport(
  report: Report | undefined,
  impossible: readonly Impossible[],
  files: readonly string[],
): ReportVerdict {
  if (report === undefined) return { passed: 0, problems: ['the tests wrote no report'], left: [] };
  const problems: string[] = [];
  const tests = report.testResults.flatMap(({ name, status, assertionResults }) => {
    if (status === 'failed' && assertionResults.every((test) => test.status !== 'failed'))
      problems.push(`${name} failed outside its tests`);
    return assertionResults;
  });
  for (const { fullName, status } of tests) if (status === 'failed') problems.push(fullName);
  for (const file of files)
    if (!report.testResults.some(({ name }) => name.endsWith(file))) problems.push(`${file} was not run`);
  const passed = tests.filter(({ status }) => status === 'passed').length;
  if (passed === 0) problems.push('no test passed');
  if (!report.success && problems.length === 0) problems.push('the runner says that it failed');
  const left = impossible.filter(({ test }) => tests.some(({ fullName }) => fullName.includes(test)));
  return { passed, problems, left };
}
