import { describe, expect, it } from 'vitest';
import { changeReaders, judgeResolve } from '../../bench/resolve/judge-resolve.js';
import type { ResolveEvent } from '../../bench/resolve/judge-resolve.js';

/** A run within all bounds, on a machine with so much idle delay. */
const run = (idle = 5): ResolveEvent[] => [
  ...changeReaders.flatMap((reader) =>
    Array.from({ length: 10 }, (_, at): ResolveEvent => ({
      kind: 'change',
      reader,
      ours: 4 + at,
      raw: 3 + at,
      rawAgain: 3,
    })),
  ),
  { kind: 'status', ms: 40 },
  { kind: 'newcomer', ms: 1_200 },
  { kind: 'use', sockets: 7, idleShare: 0.01, busyShare: 0.03 },
  {
    kind: 'delay',
    pair: 1,
    p999: { idle, ours: idle + 9, whole: idle + 70 },
    answers: { idle: 0, ours: 8, whole: 50 },
  },
  { kind: 'size', instances: 5_000, heapBytes: 4_000_000 },
];

describe('the judge of resolve', () => {
  it('finds nothing wrong within the bounds and measures each part, whatever the machine does by itself', () => {
    for (const idle of [5, 500]) {
      const { problems, figures } = judgeResolve(run(idle));
      expect(problems).toEqual([]);
      expect(figures).toMatchObject({
        overRawMs: { consul: { n: 10, p50: 1 }, chain: { n: 10, p50: 1 }, etcd: { n: 10, p50: 1 } },
        statusMs: { p99: 40 },
        newcomerMs: { p99: 1_200 },
        sockets: 7,
        overIdleMs: { p50: 9 },
        wholeOverIdleMs: { p50: 70 },
        bytesAnInstance: { p50: 800 },
      });
    }
  });

  it.each<[what: string, worse: ResolveEvent[], words: string]>([
    ...changeReaders.map((reader): [string, ResolveEvent[], string] => [
      `one change of ten is late at ${reader}`,
      [{ kind: 'change', reader, ours: 30, raw: 3, rawAgain: 3 }],
      `${reader}: seen later than by a raw reader, ms at p99: 27`,
    ]),
    ['a status is late', [{ kind: 'status', ms: 151 }], '151, promised are 150'],
    ['a new instance is late', [{ kind: 'newcomer', ms: 1_501 }], '1501, promised are 1500'],
    ['an instance is large', Array(2).fill({ kind: 'size', instances: 10, heapBytes: 10_010 }), 'bytes an instance'],
    [
      'the loop is slow',
      Array(2).fill({
        kind: 'delay',
        pair: 2,
        p999: { idle: 5, ours: 16, whole: 80 },
        answers: { idle: 0, ours: 8, whole: 50 },
      }),
      'loop delay',
    ],
    [
      'the control does not fail',
      Array(2).fill({
        kind: 'delay',
        pair: 2,
        p999: { idle: 5, ours: 6, whole: 7 },
        answers: { idle: 0, ours: 8, whole: 50 },
      }),
      'could not tell',
    ],
    [
      'there was no news',
      [
        {
          kind: 'delay',
          pair: 2,
          p999: { idle: 5, ours: 6, whole: 70 },
          answers: { idle: 0, ours: 0, whole: 50 },
        },
      ],
      'no news',
    ],
  ])('objects when %s', (_what, worse, words) => {
    const { problems } = judgeResolve([...run(), ...worse]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(words);
  });

  it('objects to too many connections, and to what was not measured', () => {
    const use: ResolveEvent = { kind: 'use', sockets: 9, idleShare: 0, busyShare: 0 };
    expect(judgeResolve(run().map((event) => (event.kind === 'use' ? use : event))).problems).toEqual([
      'connections: 9, promised are 8',
    ]);
    expect(judgeResolve([]).problems.filter((problem) => problem.startsWith('no samples'))).toHaveLength(9);
  });
});
