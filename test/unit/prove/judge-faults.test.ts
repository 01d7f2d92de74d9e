import { describe, expect, it } from 'vitest';
import { faults, judgeFaults, verbs } from '../../prove/faults/judge-faults.js';
import type { FaultsEvent } from '../../prove/faults/judge-faults.js';

const MB = 1024 * 1024;
const plan = { intervalMs: 1_000, mostGrowthMb: 100 };
type Cell = Extract<FaultsEvent, { event: 'cell' }>;

/** One round of all cells; the first one as told. */
function history(
  first: Partial<Cell> = {},
  more: { readonly most?: number; readonly back?: boolean; readonly unhandled?: string } = {},
): FaultsEvent[] {
  const cells = faults.flatMap((fault) =>
    verbs.map((verb): Cell => ({ event: 'cell', fault, verb, at: 1, hits: 3, backMs: 200 })),
  );
  return [
    { event: 'round', round: 1, at: 0 },
    ...cells.map((cell, index) => (index === 0 ? { ...cell, ...first } : cell)),
    { event: 'memory', at: 2, before: 80 * MB, most: (more.most ?? 120) * MB },
    ...(more.unhandled === undefined ? [] : [{ event: 'unhandled', at: 2, what: more.unhandled } as const]),
    { event: 'control', fault: 'cut', at: 3, back: more.back ?? false },
    { event: 'over', at: 4 },
  ];
}

describe('the judge of faults', () => {
  it('finds nothing wrong with a good history', () => {
    const { problems, figures } = judgeFaults(history(), plan);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({
      cells: 55,
      backMs: { max: 200 },
      hits: 165,
      growthMb: 40,
      unhandled: 0,
      controlLost: 1,
    });
  });

  it('judges a machine that is five times slower alike: what is beyond the pause of 250 ms between two tries grows fivefold', () => {
    expect(judgeFaults(history({ backMs: 250 + 5 * 100 }), plan).problems).toEqual([]);
  });

  it.each([
    ['a late return', history({ backMs: 1_001 }), /latency × register: took 1001 ms/],
    ['no return', history({ backMs: undefined }), /latency × register: neither registered nor stopped/],
    ['a fault that nobody met', history({ hits: 0 }), /no request met the fault/],
    [
      'a cell that is missing',
      history().filter((event) => event.event !== 'cell' || event.fault !== 'drip' || event.verb !== 'beat'),
      /drip × beat: was seen 0 times/,
    ],
    ['a process that grows', history({}, { most: 181 }), /grew by 101 MB/],
    ['an unhandled rejection', history({}, { unhandled: 'Error: oops' }), /unhandled: Error: oops/],
    ['a control that behaves', history({}, { back: true }), /proves nothing/],
    ['a history that breaks off', history().slice(0, -1), /not observed to its end/],
    ['no return that was measured', history().filter(({ event }) => event !== 'cell'), /^no samples of backMs/m],
    ['memory that was not read', history().filter(({ event }) => event !== 'memory'), /^no samples of growthMb/m],
    ['a control that was not run', history().filter(({ event }) => event !== 'control'), /^no samples of the control/m],
  ])('sees %s', (_what, events, problem) => {
    expect(judgeFaults(events, plan).problems.join('\n')).toMatch(problem);
  });
});
