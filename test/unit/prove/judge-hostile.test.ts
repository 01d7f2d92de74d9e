import { describe, expect, it } from 'vitest';
import { judgeCell, judgeHostile } from '../../prove/hostile/judge-hostile.js';
import type { HostileBounds, HostileEvent } from '../../prove/hostile/judge-hostile.js';

const MIB = 1024 * 1024;
const bounds: HostileBounds = { intervalMs: 1_000, mostStallMs: 250, mostRequests: 20, mostGrowthMb: 8, graceMs: 500 };
type Of<K extends HostileEvent['event']> = Extract<HostileEvent, { event: K }>;

const answer: HostileEvent = { event: 'answer', registrar: 0, seed: 77, verb: 'PUT /beat', what: 'hang' };
const healed: Of<'healed'> = {
  event: 'healed',
  at: 2,
  registrar: 0,
  backMs: 900,
  waitedMs: 0,
  controlBackMs: 950,
  pauseMs: 250,
  says: 'all is well',
  thread: 'main',
};
const episode: Of<'episode'> = {
  event: 'episode',
  at: 3,
  answers: 100,
  mostRequests: 12,
  mostConnections: 3,
  busiest: 0,
  stallMs: 300,
  controlStallMs: 100,
  heap: 20 * MIB,
};
const stopped: Of<'stopped'> = { event: 'stopped', at: 4, left: [], destroyed: [], end: 'exit 0' };

/** One sound cell, with changes to one event of a kind, and more events. */
function cell(
  changes: { healed?: Partial<Of<'healed'>>; episode?: Partial<Of<'episode'>>; stopped?: Partial<Of<'stopped'>> } = {},
  ...more: HostileEvent[]
): HostileEvent[] {
  return [
    { event: 'cell', cell: 'consul, main', at: 1 },
    answer,
    { ...healed, ...changes.healed },
    episode,
    episode,
    episode,
    { ...episode, ...changes.episode },
    ...more,
    { ...stopped, ...changes.stopped },
    { event: 'over', at: 5 },
  ];
}

describe('the judge of hostile answers', () => {
  it('finds nothing wrong with a sound cell', () => {
    const { problems, figures } = judgeCell(cell(), bounds);
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ answers: 400, episodes: 4, mostRequests: 12, stallMs: 200, growthMb: 0 });
  });

  it.each<[string, string, HostileEvent[]]>([
    ['crash', 'the end of the process', cell({}, { event: 'crash', at: 3, what: 'exit 1' })],
    ['crash', 'a process that does not end', cell({ stopped: { end: 'no end' } })],
    ['unhandled', 'a rejection', cell({}, { event: 'unhandled', at: 3, what: 'oops' })],
    ['canary', 'a secret', cell({}, { event: 'canary', at: 3, secret: 'token', where: 'a log line', around: 'x' })],
    ['stall', 'a stall', cell({ episode: { stallMs: 351 } })],
    ['storm', 'too many requests', cell({ episode: { mostRequests: 21 } })],
    ['storm', 'too many connections', cell({ episode: { mostConnections: 21 } })],
    ['leak', 'a heap that grows', cell({ episode: { heap: 200 * MIB } }, { ...episode, heap: 200 * MIB })],
    ['lost', 'no return', cell({ healed: { backMs: undefined } })],
    ['lost', 'a late return', cell({ healed: { backMs: 1_751 } })],
    ['thread', 'another thread', cell({ healed: { thread: 'worker' } })],
    ['left over', 'an entry after the stop', cell({ stopped: { left: ['a-1'] } })],
    ['destroyed', 'a key of others that is gone', cell({ stopped: { destroyed: ['config/secret'] } })],
    ['unmeasured', 'a cell that breaks off', cell().slice(0, -1)],
    ['unmeasured', 'no returns', cell().filter(({ event }) => event !== 'healed')],
    ['unmeasured', 'no stop', cell().filter(({ event }) => event !== 'stopped')],
    ['unmeasured', 'no episodes', cell().filter(({ event }) => event !== 'episode')],
  ])('finds %s: %s', (fault, _what, events) => {
    expect(judgeCell(events, bounds).problems).toContainEqual(expect.objectContaining({ fault }));
  });

  it('allows a return as much time as the slowest of the control took', () => {
    expect(judgeCell(cell({ healed: { backMs: 4_700, controlBackMs: 4_000 } }), bounds).problems).toEqual([]);
    expect(judgeCell(cell({ healed: { backMs: 4_700, waitedMs: 3_500 } }), bounds).problems).toEqual([]);
  });

  it('names the answers before a fault, so that they can be given again', () => {
    const [problem] = judgeCell(cell({ healed: { backMs: undefined } }), bounds).problems;
    expect(problem?.text).toContain('--answer 77  PUT /beat: hang');
  });

  const planted = (events: HostileEvent[]) =>
    events.map((event): HostileEvent => (event.event === 'cell' ? { ...event, plant: 'lost' } : event));
  const aim = { answers: 400, cells: ['consul, main'], plants: ['lost'] } as const;

  it('is content when every cell is sound and every planted fault is found', () => {
    const history = [...cell(), ...planted(cell({ healed: { backMs: undefined } }))];
    expect(judgeHostile(history, bounds, aim)).toMatchObject({ problems: [], figures: { found: ['lost'] } });
  });

  it.each([
    ['a planted fault that it did not see', [...cell(), ...planted(cell())], /did not see a planted lost/],
    ['a cell that was not run', planted(cell({ healed: { backMs: undefined } })), /no samples of consul, main/],
    ['too few answers', cell({ episode: { answers: 99 } }), /399 answers, wanted are 400/],
  ])('finds %s', (_what, history, problem) => {
    expect(judgeHostile(history, bounds, aim).problems.join('\n')).toMatch(problem);
  });
});
