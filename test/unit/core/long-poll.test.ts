import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { longPoll } from '../../../src/core/long-poll.js';
import type { LongPollPlan, PollStreak } from '../../../src/core/long-poll.js';
import { asError } from '../../../src/core/errors.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

interface Answer {
  readonly cursor?: string;
  readonly value?: string;
}

type Reply = Answer | Error;

const deadlines = { operation: 'reading the test', heldMs: 60_000, requestMs: 5_000 };
const ended = new Error('the test is over');

/** The loop on a fake clock before a source in the test's hands: a poll waits until it gets its reply. */
function loop(plan: Partial<LongPollPlan<Answer>> = {}) {
  const clock = new FakeClock();
  const end = new AbortController();
  const polls: { cursor: string | undefined; at: number }[] = [];
  const told: { answer?: Answer; error?: string; streak: PollStreak }[] = [];
  let reply: (reply: Reply) => void = () => {};
  let always: Reply | undefined;
  const running = longPoll<Answer>(
    {
      clock,
      poll: (cursor, signal) => {
        polls.push({ cursor, at: clock.now() });
        return new Promise((resolve, reject) => {
          reply = (given) => (given instanceof Error ? reject(given) : resolve(given));
          signal.addEventListener('abort', () => reject(asError(signal.reason)), { once: true });
          if (always !== undefined) reply(always);
        });
      },
      minRoundMs: 250,
      maxRoundMs: 8_000,
      onAnswer: (answer, streak) => void told.push({ answer, streak }),
      onFailed: ({ message }, streak) => void told.push({ error: message, streak }),
      ...plan,
    },
    end.signal,
  ).catch((error: unknown) => error);
  return {
    clock,
    end,
    polls,
    told,
    running,
    /** Answers the poll that waits. */
    reply: async (given: Reply) => {
      reply(given);
      await settle();
    },
    /** Answers the poll that waits, and every later one at once; undefined: they wait again. */
    replyAlways: async (given: Reply | undefined) => {
      always = given;
      if (given !== undefined) reply(given);
      await settle();
    },
    get cursors() {
      return polls.map(({ cursor }) => cursor);
    },
    /** Of each poll after the first, how long after the one before it started. */
    get gaps() {
      return polls.slice(1).map(({ at }, index) => at - (polls[index]?.at ?? NaN));
    },
  };
}

describe('the cursor', () => {
  it('of each answer goes with the next poll', async () => {
    const life = loop();
    await life.clock.advance(1_000);
    await life.reply({ cursor: 'a' });
    await life.clock.advance(1_000);
    await life.reply({ cursor: 'b' });
    await life.clock.advance(1_000);
    expect(life.cursors).toEqual([undefined, 'a', 'b']);
  });

  it('is dropped after a poll that failed', async () => {
    const life = loop();
    await life.clock.advance(1_000);
    await life.reply({ cursor: 'a' });
    await life.clock.advance(1_000);
    await life.reply(new Error('ECONNRESET'));
    await life.clock.advance(1_000);
    expect(life.cursors).toEqual([undefined, 'a', undefined]);
  });
});

describe('a deadline', () => {
  it('of a held poll that passes has the source read afresh at once, and is no failure', async () => {
    const life = loop({ deadlines });
    await life.reply({ cursor: 'a' });
    await life.clock.advance(250 + 59_999);
    expect(life.cursors).toEqual([undefined, 'a']);
    await life.clock.advance(1);
    expect(life.cursors).toEqual([undefined, 'a', undefined]);
    await life.reply({ cursor: 'b' });
    await life.clock.advance(0);
    expect(life.cursors.at(-1)).toBe('b');
    expect(life.told.map(({ error }) => error)).toEqual([undefined, undefined]);
  });

  it('of a poll without a cursor that passes is a failure that names what took so long', async () => {
    const life = loop({ deadlines });
    await life.clock.advance(5_000);
    expect(life.told).toEqual([
      { error: 'reading the test took longer than 5000 ms', streak: { failed: 1, unheld: 1 } },
    ]);
  });

  it('is none where the polls have their own', async () => {
    const life = loop();
    await life.reply({ cursor: 'a' });
    await life.clock.advance(3_600_000);
    expect(life.cursors).toEqual([undefined, 'a']);
  });
});

describe('the distance between rounds', () => {
  it('has a floor, and grows while polls are answered at once that should be held', async () => {
    const life = loop();
    await life.replyAlways({ cursor: 'a' });
    await life.clock.advance(30_000);
    expect(life.gaps).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 8_000]);
  });

  it('is the floor again after a poll that was held', async () => {
    const life = loop();
    await life.replyAlways({ cursor: 'a' });
    await life.clock.advance(1_700);
    await life.replyAlways(undefined);
    await life.clock.advance(5_000);
    await life.reply({ cursor: 'b' });
    await life.replyAlways({ cursor: 'c' });
    await life.clock.advance(500);
    expect(life.gaps.at(-1)).toBe(250);
    expect(life.told.map(({ streak }) => streak.unheld)).toEqual([1, 2, 3, 0, 1, 2]);
  });

  it('stays the floor where it may not grow', async () => {
    const life = loop({ maxRoundMs: 250 });
    await life.replyAlways({ cursor: 'a' });
    await life.clock.advance(2_000);
    expect(life.gaps).toEqual(Array.from({ length: 8 }, () => 250));
  });

  it('is the interval of polling while answers carry no cursor, and that is no fault', async () => {
    const life = loop({ pollEveryMs: 2_000 });
    await life.replyAlways({});
    await life.clock.advance(10_000);
    expect(life.gaps).toEqual([2_000, 2_000, 2_000, 2_000, 2_000]);
    expect(life.told.every(({ streak }) => streak.unheld === 0)).toBe(true);
  });

  it('is that of held polls again once there is a cursor', async () => {
    const life = loop({ pollEveryMs: 2_000 });
    await life.replyAlways({});
    await life.clock.advance(4_000);
    await life.replyAlways({ cursor: 'a' });
    await life.clock.advance(2_700);
    expect(life.gaps).toEqual([2_000, 2_000, 2_000, 250, 250]);
  });

  it('grows from the start of each poll while polls fail', async () => {
    const life = loop({ pollEveryMs: 2_000 });
    await life.replyAlways(new Error('ECONNREFUSED'));
    await life.clock.advance(8_000);
    expect(life.gaps).toEqual([250, 500, 1_000, 2_000, 4_000]);
    expect(life.told.map(({ streak }) => streak.failed)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('makes room for a pause from the end of a failed poll', async () => {
    const asked: [string, number][] = [];
    const life = loop({
      failurePauseMs: ({ message }, failed) => {
        asked.push([message, failed]);
        return 100 * failed;
      },
    });
    await life.clock.advance(1_000);
    await life.replyAlways(new Error('ECONNREFUSED'));
    await life.clock.advance(500);
    expect(life.gaps).toEqual([1_100, 200]);
    await life.replyAlways(undefined);
    await life.clock.advance(5_000);
    await life.reply({ cursor: 'a' });
    await life.clock.advance(1_000);
    await life.reply(new Error('ECONNRESET'));
    expect(asked).toEqual([
      ['ECONNREFUSED', 1],
      ['ECONNREFUSED', 2],
      ['ECONNREFUSED', 3],
      ['ECONNRESET', 1],
    ]);
  });
});

it('waits for what an answer sets off, within the round', async () => {
  let done = () => {};
  const life = loop({
    onAnswer: () =>
      new Promise((resolve) => {
        done = resolve;
      }),
  });
  await life.reply({ cursor: 'a' });
  await life.clock.advance(1_000);
  expect(life.polls).toHaveLength(1);
  done();
  await life.clock.advance(0);
  expect(life.gaps).toEqual([1_000]);
});

it('goes on from the answer that the source came to rest with; one that cannot be had is a failure', async () => {
  const life = loop({
    settle: ({ value }) =>
      value === 'broken' ? Promise.reject(new Error('broken')) : Promise.resolve({ cursor: 'later', value: 'final' }),
  });
  await life.reply({ cursor: 'a', value: 'draft' });
  await life.clock.advance(1_000);
  await life.reply({ cursor: 'b', value: 'broken' });
  await life.clock.advance(1_000);
  expect(life.cursors).toEqual([undefined, 'later', undefined]);
  expect(life.told.map(({ answer, error }) => answer?.value ?? error)).toEqual(['final', 'broken']);
});

describe('the end', () => {
  it.each<[string, Partial<LongPollPlan<Answer>>, (life: ReturnType<typeof loop>) => Promise<void>]>([
    ['while a poll is held', { deadlines }, () => settle()],
    ['between two rounds', { deadlines }, (life) => life.reply({ cursor: 'a' })],
    ['in the pause after a failure', { failurePauseMs: () => 9_000 }, (life) => life.reply(new Error('ECONNREFUSED'))],
  ])('comes with the signal: %s', async (_, plan, prepare) => {
    const life = loop(plan);
    await prepare(life);
    const { length } = life.told;
    life.end.abort(ended);
    expect(await life.running).toBe(ended);
    await life.clock.advance(60_000);
    expect(life.polls).toHaveLength(1);
    expect(life.told).toHaveLength(length);
    expect(life.clock.pending).toBe(0);
    expect(getEventListeners(life.end.signal, 'abort')).toHaveLength(0);
  });

  it('comes before the first poll when the signal has aborted', async () => {
    const clock = new FakeClock();
    const polls: unknown[] = [];
    const plan: LongPollPlan<Answer> = {
      clock,
      poll: async (cursor) => ({ cursor: String(polls.push(cursor)) }),
      minRoundMs: 250,
      maxRoundMs: 250,
      onAnswer: () => undefined,
      onFailed: () => undefined,
    };
    await expect(longPoll(plan, AbortSignal.abort(ended))).rejects.toBe(ended);
    expect(polls).toEqual([]);
  });

  it('is not told of an answer that comes with it', async () => {
    const life = loop();
    life.end.abort(ended);
    await life.reply({ cursor: 'a' });
    expect(await life.running).toBe(ended);
    expect(life.told).toEqual([]);
  });
});
