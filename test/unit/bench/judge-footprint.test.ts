import { describe, expect, it } from 'vitest';
import { judgeFootprint } from '../../bench/footprint/judge-footprint.js';
import type { FootprintEvent, Leftovers } from '../../bench/footprint/judge-footprint.js';

const MB = 1024 * 1024;
const reading = (mb: number) => ({ rss: mb * MB, privateRss: mb * MB, heapUsed: mb * MB, external: 0 });
/** On a machine that is slower by a factor. */
const start = (imported: number, slower = 1): FootprintEvent => {
  const ms = { bare: 40 * slower, bareAgain: 41 * slower, imported: imported * slower, constructed: 60 * slower };
  return { kind: 'start', pair: 1, order: [], ms };
};
const memory = (one: number, all: number): FootprintEvent[] => [
  {
    kind: 'memory',
    warm: 100,
    further: 100,
    imported: reading(50),
    one: reading(one),
    warmed: reading(one + 25),
    all: reading(all + 25),
  },
];
const none: Leftovers = { timers: 1, sockets: 2, processListeners: 3, serverListenersAndMethods: 4 };
const some: Leftovers = { timers: 9, sockets: 9, processListeners: 9, serverListenersAndMethods: 9 };
const leftovers = (after: Leftovers, during = some): FootprintEvent => ({
  kind: 'leftovers',
  before: none,
  during,
  after,
});

describe('the judge of the footprint', () => {
  it('finds nothing wrong with a small one', () => {
    const { problems, figures } = judgeFootprint([start(50), ...memory(58, 66), leftovers(none)]);
    expect(problems).toEqual([]);
    expect(figures.importShare.p50).toBe(0.25);
    expect(figures.constructedShare.p50).toBe(0.5);
    expect(figures.noiseShare.p50).toBe(0.025);
    expect(figures.importMs.p50).toBe(10);
    expect(figures.firstMb.p50).toBe(8);
    expect(figures.furtherKb.p50).toBe(81.92);
  });

  it('judges a machine that is five times slower alike', () => {
    expect(judgeFootprint([start(50, 5), ...memory(58, 66), leftovers(none)]).problems).toEqual([]);
    expect(judgeFootprint([start(51, 5), ...memory(58, 66), leftovers(none)]).problems).toHaveLength(1);
  });

  it('keeps what the first burst of work costs apart, for the record', () => {
    const { problems, figures } = judgeFootprint([start(50), ...memory(58, 59), leftovers(none)]);
    expect(problems).toEqual([]);
    expect(figures.warmingKb.p50).toBe(256);
  });

  it.each([
    [
      'a slow import',
      [start(51), ...memory(51, 52), leftovers(none)],
      /^the import, as a share of a bare start, is 0.275/,
    ],
    [
      'a heavy first Registrar',
      [start(41), ...memory(58.5, 59), leftovers(none)],
      /^the first Registrar, MB resident, is 8.5/,
    ],
    [
      'heavy further ones',
      [start(41), ...memory(51, 61), leftovers(none)],
      /^a further Registrar, kB resident, is 102.4/,
    ],
    [
      'a timer left behind',
      [start(41), ...memory(51, 52), leftovers({ ...none, timers: 2 })],
      /^stop\(\) left 1 timers behind/,
    ],
    [
      'a socket left behind',
      [start(41), ...memory(51, 52), leftovers({ ...none, sockets: 3 })],
      /^stop\(\) left 1 sockets behind/,
    ],
    [
      'a census that sees nothing',
      [start(41), ...memory(51, 52), leftovers(none, { ...some, sockets: 2 })],
      /never seen to have any sockets/,
    ],
    ['starts that are missing', [...memory(51, 52), leftovers(none)], /^no samples of importShare/],
    ['memory that was not read', [start(41), leftovers(none)], /^no samples of firstMb/],
    ['memory of further ones that was not read', [start(41), leftovers(none)], /^no samples of furtherKb/],
    ['a census that was not taken', [start(41), ...memory(51, 52)], /never seen to have any timers/],
  ])('sees %s', (_what, history, problem) => {
    expect(judgeFootprint(history).problems.some((line) => problem.test(line))).toBe(true);
  });
});
