import { describe, expect, it } from 'vitest';
import { judgeCompany } from '../../prove/company/judge-company.js';
import type { CompanyEvent } from '../../prove/company/judge-company.js';
import { controls, setUps } from '../../prove/company/set-ups.js';
import type { Claim } from '../../prove/company/set-ups.js';

const failure: CompanyEvent = { event: 'failed', at: 1_100, to: 'web-1', what: 'GET /', detail: 'ECONNRESET' };

function run(
  claim: Claim,
  { failures = [], listed = false, gone = 1_004, requests = 100 }: Partial<Observed> = {},
): CompanyEvent[] {
  return [
    { event: 'run', name: claim, claim, at: 0 },
    { event: 'told', at: 1_000 },
    ...(gone === undefined ? [] : [{ event: 'gone', at: gone } as const]),
    { event: 'ended', at: 2_500, end: 'exit 0', listed },
    ...failures,
    { event: 'over', at: 3_000, requests },
  ];
}

interface Observed {
  readonly failures: readonly CompanyEvent[];
  readonly listed: boolean;
  readonly gone: number | undefined;
  readonly requests: number;
}

const problemsOf = (claim: Claim, observed?: Partial<Observed>) =>
  judgeCompany(run(claim, observed), { names: [claim], runs: 1 }).problems;

describe('the judge of services in company', () => {
  it('measures from what told the service to end, over all runs of a set-up', () => {
    const history = [...run('lossless'), ...run('lossless', { gone: 1_010, requests: 60 })];
    const { problems, figures } = judgeCompany(history, { names: ['lossless'], runs: 2 });
    expect(problems).toEqual([]);
    expect(figures.setUps['lossless']).toMatchObject({
      runs: 2,
      requests: 160,
      failed: 0,
      listedAfterEnd: 0,
      ends: ['exit 0'],
      goneMs: { min: 4, max: 10 },
      endMs: { p50: 1_500 },
    });
  });

  it('takes no failed request where none is promised, and counts them where the process cuts its connections', () => {
    expect(problemsOf('lossless', { failures: [failure] })).toEqual(['lossless: 1 requests failed, promised are 0']);
    expect(problemsOf('cuts', { failures: [failure] })).toEqual([]);
    expect(problemsOf('killed', { failures: [failure] })).toEqual([]);
  });

  it('wants the entry gone before the process, unless that was killed', () => {
    const outlived = 'the entry outlived the process in 1 of 1 runs';
    expect(problemsOf('lossless', { listed: true })).toEqual([`lossless: ${outlived}`]);
    expect(problemsOf('cuts', { listed: true, gone: undefined })).toEqual([`cuts: ${outlived}`]);
    expect(problemsOf('killed', { listed: true, gone: undefined })).toEqual([]);
  });

  it('takes an experiment for worthless in which nothing goes wrong without us', () => {
    const nothing = ['fails: nothing went wrong without us: this experiment proves nothing'];
    expect(problemsOf('fails')).toEqual(nothing);
    expect(problemsOf('fails', { listed: true })).toEqual([]);
    expect(problemsOf('fails', { failures: [failure] })).toEqual([]);
  });

  it('wants enough requests, and every run of every set-up seen to its end', () => {
    expect(problemsOf('lossless', { requests: 49 })).toEqual(['lossless: 49 requests are too few to prove anything']);
    expect(judgeCompany(run('cuts'), { names: ['cuts'], runs: 2 }).problems).toEqual([
      'cuts: 1 of 2 runs were observed to their end',
    ]);
    const unseen = ['cuts: it was not observed to its end'];
    expect(judgeCompany(run('cuts').slice(0, -1), { names: ['cuts'], runs: 1 }).problems).toEqual(unseen);
    expect(judgeCompany([], { names: ['cuts'], runs: 1 }).problems).toEqual(unseen);
    expect(judgeCompany([], { names: [], runs: 1 }).problems).toEqual(['nothing was observed']);
  });
});

it('has at least 20 set-ups of different names, and services without the package beside them', () => {
  expect(new Set(setUps.map(({ name }) => name)).size).toBeGreaterThanOrEqual(20);
  expect(new Set([...setUps, ...controls].map(({ name }) => name)).size).toBe(setUps.length + controls.length);
  expect(controls.length).toBeGreaterThan(0);
  expect([...controls].filter(({ claim }) => claim !== 'fails')).toEqual([]);
});
