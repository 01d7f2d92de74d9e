import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../../prove/experiment/experiment.js';
import { parseWords, usage } from '../../prove/experiment/parse-words.js';

const load = () => Promise.reject(new Error('not to be loaded'));
const catalogue: Catalogue = {
  plain: load,
  rolling: { load, options: { rolls: 'number', control: 'switch', nemesis: ['latency', 'restart'] } },
};

describe('the command line of an experiment', () => {
  it('names one, with the options that all have and those of its own', () => {
    expect(parseWords(catalogue, ['plain', '--runs', '3', '--seed=7'])).toEqual({
      name: 'plain',
      load,
      runs: 3,
      seed: 7,
      options: {},
    });
    expect(parseWords(catalogue, ['--rolls', '4', 'rolling', '--control', '--nemesis', 'latency'])).toMatchObject({
      name: 'rolling',
      runs: undefined,
      options: { rolls: 4, control: true, nemesis: 'latency' },
    });
  });

  it.each([
    [[], "No experiment is called ''."],
    [['other'], "No experiment is called 'other'."],
    [['toString'], "No experiment is called 'toString'."],
    [['plain', 'rolling'], 'One name at a time, not plain rolling.'],
    [['plain', '--runs', '0'], "--runs takes N, not '0'."],
    [['plain', '--runs', '1.5'], "--runs takes N, not '1.5'."],
    [['rolling', '--nemesis', 'gremlins'], "--nemesis takes latency|restart, not 'gremlins'."],
    [['plain', '--rolls', '4'], /Unknown option '--rolls'/],
    [['rolling', '--control=yes'], /does not take an argument/],
    [['rolling', '--rolls'], /argument missing/],
  ])('is refused as %j, with what is wrong', (words, problem) => {
    expect(parseWords(catalogue, words)).toMatch(problem);
  });

  it('is explained', () => {
    expect(usage(catalogue)).toContain('  rolling [--rolls N] [--control] [--nemesis latency|restart]');
  });
});
