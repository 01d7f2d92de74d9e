import { describe, expect, it } from 'vitest';
import { judgeReport } from '../../servers/judge-report.js';
import type { Report } from '../../servers/judge-report.js';

const files = ['test/contract/redis.test.ts'];
const tls = [{ test: 'over TLS', reason: 'no TLS' }];

function report(statuses: readonly [name: string, status: string][], more: Partial<Report> = {}): Report {
  const assertionResults = statuses.map(([fullName, status]) => ({ fullName, status }));
  const status = statuses.some(([, one]) => one === 'failed') ? 'failed' : 'passed';
  return {
    success: status === 'passed',
    testResults: [{ name: `/there/${files[0]!}`, status, assertionResults }],
    ...more,
  };
}

describe('the judge of a test report', () => {
  it('counts what passed', () => {
    const seen = report([
      ['a', 'passed'],
      ['b', 'passed'],
      ['c', 'skipped'],
    ]);
    expect(judgeReport(seen, [], files)).toEqual({ passed: 2, problems: [], left: [] });
  });

  it('names what cannot be run, of these files alone', () => {
    const seen = report([
      ['a', 'passed'],
      ['speaks over TLS', 'skipped'],
    ]);
    expect(judgeReport(seen, [...tls, { test: 'elsewhere', reason: 'no' }], files).left).toEqual(tls);
  });

  it.each<[what: string, seen: Report | undefined, problem: RegExp]>([
    ['no report', undefined, /no report/],
    ['a failed test', report([['a', 'failed']]), /^a$/],
    ['no test that passed', report([['a', 'skipped']]), /no test passed/],
    [
      'a file that did not load',
      { success: false, testResults: [{ name: `/there/${files[0]!}`, status: 'failed', assertionResults: [] }] },
      /failed outside its tests/,
    ],
    ['a file that was not run', { success: true, testResults: [] }, /redis\.test\.ts was not run/],
    ['a runner that failed all the same', report([['a', 'passed']], { success: false }), /the runner says/],
  ])('is not content with %s', (_, seen, problem) => {
    expect(judgeReport(seen, [], files).problems).toContainEqual(expect.stringMatching(problem));
  });
});
