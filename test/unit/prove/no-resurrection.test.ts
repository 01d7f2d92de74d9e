import { describe, expect, it } from 'vitest';
import { judgeNoResurrection } from '../../prove/no-resurrection/judge-no-resurrection.js';
import type { Life } from '../../prove/no-resurrection/judge-no-resurrection.js';
import { simulate } from '../../prove/no-resurrection/simulate.js';

it('breaks no promise in 300 seeded lives', async () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= 300; seed += 1) {
    const { violations } = await simulate(seed);
    if (violations.length > 0) broken.push(`seed ${String(seed)}: ${violations.join('; ')}`);
  }
  expect(broken).toEqual([]);
});

it('plays the same life from the same seed', async () => {
  expect((await simulate(7)).timeline).toEqual((await simulate(7)).timeline);
});

describe('the judge', () => {
  const good: Life[] = [
    { kind: 'simulated', seed: 1, violations: [], confirmed: true, wasRegistered: true, cutOff: true },
    {
      kind: 'real',
      run: 1,
      writeOnTheWire: true,
      confirmed: true,
      registersAfterwards: 0,
      samples: 9,
      listedSamples: 0,
      presentAtEnd: false,
    },
    { kind: 'control', run: 1, presentAtEnd: true },
  ];

  it('finds nothing in a good history', () => {
    expect(judgeNoResurrection(good).problems).toEqual([]);
  });

  it.each<[string, Life]>([
    [
      'a violation',
      { kind: 'simulated', seed: 9, violations: ['listed'], confirmed: true, wasRegistered: true, cutOff: true },
    ],
    [
      'an entry that is back',
      {
        kind: 'real',
        run: 2,
        writeOnTheWire: true,
        confirmed: true,
        registersAfterwards: 0,
        samples: 9,
        listedSamples: 0,
        presentAtEnd: true,
      },
    ],
    [
      'a listed sample',
      {
        kind: 'real',
        run: 2,
        writeOnTheWire: true,
        confirmed: true,
        registersAfterwards: 0,
        samples: 9,
        listedSamples: 1,
        presentAtEnd: false,
      },
    ],
    [
      'a late write',
      {
        kind: 'real',
        run: 2,
        writeOnTheWire: true,
        confirmed: true,
        registersAfterwards: 1,
        samples: 9,
        listedSamples: 0,
        presentAtEnd: false,
      },
    ],
    [
      'a run without the race',
      {
        kind: 'real',
        run: 2,
        writeOnTheWire: false,
        confirmed: true,
        registersAfterwards: 0,
        samples: 9,
        listedSamples: 0,
        presentAtEnd: false,
      },
    ],
  ])('names %s', (_what, bad) => {
    expect(judgeNoResurrection([...good, bad]).problems).toHaveLength(1);
  });

  it.each<[string, (life: Life) => boolean, RegExp]>([
    ['simulated lives', ({ kind }) => kind !== 'simulated', /^no samples of the simulated lives/],
    ['real lives', ({ kind }) => kind !== 'real', /^no samples of the real lives/],
    ['a control', ({ kind }) => kind !== 'control', /^no samples of the control/],
  ])('does not believe an experiment without %s', (_what, isThere, problem) => {
    expect(judgeNoResurrection(good.filter(isThere)).problems).toEqual([expect.stringMatching(problem)]);
  });

  it('does not believe a life without looks afterwards', () => {
    const unseen = good.map((life) => (life.kind === 'real' ? { ...life, samples: 0 } : life));
    expect(judgeNoResurrection(unseen).problems).toEqual([
      expect.stringMatching(/^no samples of looks after 'deregistered' \(run 1\)/),
    ]);
  });

  it('does not believe an experiment whose control comes out well', () => {
    expect(
      judgeNoResurrection(good.map((life) => (life.kind === 'control' ? { ...life, presentAtEnd: false } : life)))
        .problems,
    ).toHaveLength(1);
  });
});
